--[[
  Judges an attempt to sign in, and locks the address out for longer after each wrong one.

  KEYS[1] failures of the address

  ARGV[1] right (1 or 0)
  ARGV[2] first lock in ms
  ARGV[3] longest lock in ms
  ARGV[4] how long failures are remembered, in ms

  Reply: outcome (locked, admitted or refused), failures, ms for which the address is locked.
]]
--- @include now-ms
local now = nowMs()

local lockedUntil = tonumber(redis.call('HGET', KEYS[1], 'lockedUntil') or 0)
if lockedUntil > now then return {'locked', 0, lockedUntil - now} end
if ARGV[1] == '1' then return {'admitted', 0, 0} end
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
local lockMs = math.min(ARGV[3], ARGV[2] * 2 ^ math.min(failures - 1, 30))
redis.call('HSET', KEYS[1], 'lockedUntil', now + lockMs)
redis.call('PEXPIRE', KEYS[1], ARGV[4] + lockMs)
return {'refused', failures, lockMs}
