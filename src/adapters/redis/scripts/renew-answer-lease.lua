--[[
  Keeps the lease of a shared answer, if it is ours.

  KEYS[1] lease

  ARGV[1] owner
  ARGV[2] lease in ms

  Reply: 1.
]]
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1
