--[[
  Ends a session.
  The user's sessions and the names of replies stay: the mark is held of the user, and an answer may still be written.
  So do agreements: a retry is told the same session.

  KEYS[1] session's meta
  KEYS[2] session's turns
  KEYS[3] mark of an ended session
  KEYS[4] user's sessions
  KEYS[5] active sessions
  KEYS[6] session's requests

  ARGV[1] session id
  ARGV[2] life of the mark in seconds
  ARGV[3] life of the user's sessions in seconds
  ARGV[4] name of the session among the active ones

  Reply: the meta hash.
]]
--- @include now-ms
--- @include note-session
local meta = redis.call('HGETALL', KEYS[1])
local deleted = redis.call('DEL', KEYS[1], KEYS[2])
redis.call('ZREM', KEYS[5], ARGV[4])
local requests = redis.call('SMEMBERS', KEYS[6])
for _, key in ipairs(requests) do
  if string.find(key, '^session:agreed:') == nil then redis.call('DEL', key) end
  if string.find(key, '^request') then redis.call('SREM', KEYS[6], key) end
end
if deleted > 0 then redis.call('SET', KEYS[3], 1, 'EX', ARGV[2]) end
if deleted > 0 or #requests > 0 then noteSession(KEYS[4], ARGV[1], nowMs(), ARGV[3]) end
return meta
