--[[
  Closes a chat, all or nothing and once per claim.

  KEYS[1] claim
  KEYS[2] session's meta
  KEYS[3] session's turns
  KEYS[4] mark of an ended session
  KEYS[5] user's sessions
  KEYS[6] active sessions
  KEYS[7] answer
  KEYS[8] events
  KEYS[9] tombstone of the user
  KEYS[10] tombstone of the session

  ARGV[1] generation
  ARGV[2] result
  ARGV[3] life of the claim in seconds
  ARGV[4] turn, or ''
  ARGV[5] life of the session in seconds
  ARGV[6] session's start as it was opened, or ''
  ARGV[7] role, or ''
  ARGV[8] campus, or ''
  ARGV[9] asked for the audience (1 or 0)
  ARGV[10] event, or ''
  ARGV[11] events that may wait
  ARGV[12] answer for others, or ''
  ARGV[13] life of that answer in seconds
  ARGV[14] turns that are kept
  ARGV[15] session id
  ARGV[16] name of the session among the active ones
  ARGV[17] life of the user's sessions in seconds

  Reply: closed (1 or 0), event taken (1 or 0), session is new (1 or 0).
]]
--- @include now-ms
--- @include note-session
--- @include note-active-session
--- @include was-erased
local now = nowMs()

local claim = redis.call('HMGET', KEYS[1], 'status', 'generation')
if claim[1] and (claim[1] ~= 'running' or claim[2] ~= ARGV[1]) then return {0, 0, 0} end
if not claim[1] and wasErased(KEYS[9], KEYS[10]) then return {0, 0, 0} end
if claim[1] then
  redis.call('HSET', KEYS[1], 'status', 'done', 'result', ARGV[2])
  redis.call('EXPIRE', KEYS[1], ARGV[3])
end

local isNew = 0
if ARGV[4] ~= '' then
  local startedAt = redis.call('HGET', KEYS[2], 'startedAt')
  local isEnded = (startedAt and ARGV[6] ~= '' and startedAt ~= ARGV[6])
    or (not startedAt and redis.call('EXISTS', KEYS[4]) == 1)
  if not isEnded then
    if not startedAt then
      isNew = 1
      redis.call('HSET', KEYS[2], 'startedAt', now)
    end
    redis.call('HSET', KEYS[2], 'lastActiveAt', now)
    if ARGV[7] ~= '' then redis.call('HSET', KEYS[2], 'role', ARGV[7]) end
    if ARGV[8] ~= '' then redis.call('HSET', KEYS[2], 'campus', ARGV[8]) end
    if ARGV[9] == '1' then redis.call('HSET', KEYS[2], 'asked', 1) end
    redis.call('HINCRBY', KEYS[2], 'turnCount', 1)
    redis.call('RPUSH', KEYS[3], ARGV[4])
    redis.call('LTRIM', KEYS[3], -ARGV[14], -1)
    redis.call('EXPIRE', KEYS[2], ARGV[5])
    redis.call('EXPIRE', KEYS[3], ARGV[5])
    noteSession(KEYS[5], ARGV[15], now, ARGV[17])
    noteActiveSession(KEYS[6], ARGV[16], now, ARGV[5])
  end
end

local isTaken = 1
if ARGV[10] ~= '' then
  if redis.call('XLEN', KEYS[8]) < tonumber(ARGV[11]) then
    redis.call('XADD', KEYS[8], '*', 'event', ARGV[10])
  else
    isTaken = 0
  end
end
if ARGV[12] ~= '' then redis.call('SET', KEYS[7], ARGV[12], 'EX', ARGV[13]) end
return {1, isTaken, isNew}
