--[[
  Renews places among the requests under way. Those that Redis forgot are taken anew.

  KEYS places

  ARGV[1] life in ms
  ARGV[1 + i] the request that holds the place KEYS[i]

  Reply: how many.
]]
--- @include now-ms
local now = nowMs()

for i, key in ipairs(KEYS) do
  redis.call('ZADD', key, now + ARGV[1], ARGV[i + 1])
  redis.call('PEXPIRE', key, ARGV[1])
end
return #KEYS
