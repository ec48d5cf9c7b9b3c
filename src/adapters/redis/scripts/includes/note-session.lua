-- Notes when anything was last held of a session, in an index that outlives it: `ttlSeconds` from now on.
local function noteSession(userSessionsKey, sessionId, now, ttlSeconds)
  redis.call('ZREMRANGEBYSCORE', userSessionsKey, '-inf', now - ttlSeconds * 1000)
  redis.call('ZADD', userSessionsKey, now, sessionId)
  redis.call('EXPIRE', userSessionsKey, ttlSeconds)
end
