--[[
  Notes that a client reads the reply from elsewhere.

  KEYS[1] claim

  Reply: 1.
]]
--- @include now-ms
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'readerAt', nowMs()) end
return 1
