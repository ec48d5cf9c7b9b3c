--[[
  Ends a generation without an answer.

  KEYS[1] claim

  ARGV[1] generation
  ARGV[2] how: stopped (for good) or released (another may take over)

  Reply: 1 if the claim was ours.
]]
local claim = redis.call('HMGET', KEYS[1], 'generation', 'status')
if claim[1] ~= ARGV[1] or claim[2] ~= 'running' then return 0 end
if ARGV[2] == 'stopped' then
  redis.call('HSET', KEYS[1], 'status', 'stopped')
else
  redis.call('HSET', KEYS[1], 'leaseUntil', 0)
end
return 1
