--[[
  Gives a running claim another generation.

  KEYS[1] claim
  KEYS[2] session's requests
  KEYS[3] tombstone of the user
  KEYS[4] tombstone of the session

  ARGV[1] old generation
  ARGV[2] new generation
  ARGV[3] lease in ms
  ARGV[4] life of the session's requests in seconds
  ARGV[5] key of the new generation's reply

  Reply: 1 if the claim was ours.
]]
--- @include now-ms
--- @include was-erased
local claim = redis.call('HMGET', KEYS[1], 'generation', 'status')
if not claim[1] then
  if wasErased(KEYS[3], KEYS[4]) then return 0 end
  return 1
end
if claim[1] ~= ARGV[1] or claim[2] ~= 'running' then return 0 end
redis.call('HSET', KEYS[1], 'generation', ARGV[2], 'leaseUntil', nowMs() + ARGV[3])
redis.call('SADD', KEYS[2], ARGV[5])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return 1
