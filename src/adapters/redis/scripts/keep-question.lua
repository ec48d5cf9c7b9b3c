--[[
  Keeps the question with a claim that is there.

  KEYS[1] claim

  ARGV[1] request

  Reply: 1.
]]
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'request', ARGV[1]) end
return 1
