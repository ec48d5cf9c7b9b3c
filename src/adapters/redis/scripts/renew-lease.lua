--[[
  Renews the lease of a running generation.
  A claim that the server forgot (restarted empty) is nobody else's, so it counts as held.

  KEYS[1] claim
  KEYS[2] tombstone of the user
  KEYS[3] tombstone of the session

  ARGV[1] generation
  ARGV[2] lease in ms

  Reply: held (1 or 0), stop requested (1 or 0), ms since a reader or -1.
]]
--- @include now-ms
--- @include was-erased
local now = nowMs()

local claim = redis.call('HMGET', KEYS[1], 'generation', 'status', 'stop', 'readerAt')
if not claim[1] then
  if wasErased(KEYS[2], KEYS[3]) then return {1, 1, -1} end
  return {1, 0, -1}
end
if claim[1] ~= ARGV[1] or claim[2] ~= 'running' then return {0, 0, -1} end
redis.call('HSET', KEYS[1], 'leaseUntil', now + ARGV[2])
return {1, claim[3] and 1 or 0, claim[4] and now - claim[4] or -1}
