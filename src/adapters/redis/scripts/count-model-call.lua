--[[
  Counts a call of a model within the minute that the first one began.

  KEYS[1] budget

  Reply: calls in that minute.
]]
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], 60000) end
return count
