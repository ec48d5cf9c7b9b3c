--[[
  Notes that the caller wants the generation stopped.

  KEYS[1] claim

  Reply: 1 if the claim is running.
]]
if redis.call('HGET', KEYS[1], 'status') ~= 'running' then return 0 end
redis.call('HSET', KEYS[1], 'stop', 1)
return 1
