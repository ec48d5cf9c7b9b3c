--[[
  KEYS[1] active sessions

  Reply: how many have not expired.
]]
--- @include now-ms
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', nowMs())
return redis.call('ZCARD', KEYS[1])
