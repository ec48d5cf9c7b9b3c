--[[
  Lets all tries of a request use one new session. Indexed for erasure as it is made.

  KEYS[1] agreement
  KEYS[2] requests of the proposed session
  KEYS[3] user's sessions

  ARGV[1] proposal
  ARGV[2] its life in seconds
  ARGV[3] session id
  ARGV[4] life of the session's requests in seconds
  ARGV[5] life of the user's sessions in seconds

  Reply: what was agreed on before, or none.
]]
--- @include now-ms
--- @include note-session
local agreed = redis.call('GET', KEYS[1])
if agreed then return agreed end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('SADD', KEYS[2], KEYS[1])
redis.call('EXPIRE', KEYS[2], ARGV[4])
noteSession(KEYS[3], ARGV[3], nowMs(), ARGV[5])
return false
