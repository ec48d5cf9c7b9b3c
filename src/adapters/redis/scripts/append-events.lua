--[[
  Adds all events or none.

  KEYS[1] events

  ARGV[1] events that may wait
  ARGV[2...] events

  Reply: added (1 or 0).
]]
if redis.call('XLEN', KEYS[1]) + #ARGV - 1 > tonumber(ARGV[1]) then return 0 end
for i = 2, #ARGV do redis.call('XADD', KEYS[1], '*', 'event', ARGV[i]) end
return 1
