--[[
  Starts a session, or finds it and prolongs its life.

  KEYS[1] session's meta
  KEYS[2] session's turns
  KEYS[3] mark of an ended session
  KEYS[4] user's sessions
  KEYS[5] active sessions

  ARGV[1] life of the session in seconds
  ARGV[2] role, or ''
  ARGV[3] campus, or ''
  ARGV[4] session id
  ARGV[5] name of the session among the active ones
  ARGV[6] life of the user's sessions in seconds

  Reply: the meta hash.
]]
--- @include now-ms
--- @include note-session
--- @include note-active-session
local now = nowMs()

redis.call('HSETNX', KEYS[1], 'startedAt', now)
redis.call('HSET', KEYS[1], 'lastActiveAt', now)
if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'role', ARGV[2]) end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'campus', ARGV[3]) end
redis.call('DEL', KEYS[3])
redis.call('EXPIRE', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[1])
noteSession(KEYS[4], ARGV[4], now, ARGV[6])
noteActiveSession(KEYS[5], ARGV[5], now, ARGV[1])
return redis.call('HGETALL', KEYS[1])
