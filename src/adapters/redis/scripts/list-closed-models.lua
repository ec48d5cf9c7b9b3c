--[[
  KEYS[1] closings

  Reply: the published form of every closing that still holds.
]]
--- @include now-ms
local now = nowMs()

local closings = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf', 'WITHSCORES')
local messages = {}
for i = 1, #closings, 2 do
  messages[#messages + 1] = math.ceil(closings[i + 1] - now) .. ' ' .. closings[i]
end
return messages
