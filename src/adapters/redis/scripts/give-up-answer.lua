--[[
  Tells those who wait for a shared answer to write their own, if the lease is ours.

  KEYS[1] lease

  ARGV[1] owner
  ARGV[2] how long they are told, in ms

  Reply: 1.
]]
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], 'uncacheable', 'PX', ARGV[2]) end
return 1
