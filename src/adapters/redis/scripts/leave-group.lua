--[[
  Takes a consumer that holds nothing out of its group; another's work is not lost with it.

  KEYS[1] events

  ARGV[1] group
  ARGV[2] consumer

  Reply: none.
]]
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) == 0 then
  redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
end
