-- Counts a session among the active ones for `ttlSeconds` more.
local function noteActiveSession(activeSessionsKey, name, now, ttlSeconds)
  redis.call('ZREMRANGEBYSCORE', activeSessionsKey, '-inf', now)
  redis.call('ZADD', activeSessionsKey, now + ttlSeconds * 1000, name)
  redis.call('EXPIRE', activeSessionsKey, ttlSeconds)
end
