--[[
  Claims a request for one generation, or tells what became of it.
  A claim is a hash: body, requestId, request (where it is kept), generation, status (running, done, stopped), at,
  leaseUntil (0 once released), takeovers, result, stop, readerAt.
  What a claim holds is indexed for erasure as it is made, whatever becomes of its session.

  KEYS[1] claim
  KEYS[2] alias of the request id
  KEYS[3] session's requests
  KEYS[4] user's sessions

  ARGV[1] hash of the body
  ARGV[2] request id
  ARGV[3] generation
  ARGV[4] lease in ms
  ARGV[5] life of the claim in seconds
  ARGV[6] what the alias leads to
  ARGV[7] session id
  ARGV[8] life of the session's requests in seconds
  ARGV[9] life of the user's sessions in seconds
  ARGV[10] key of the generation's reply

  Reply: state, request id, generation, at, detail (result of a finished claim, 1 for a takeover).
]]
--- @include now-ms
--- @include note-session
local now = nowMs()

local function note(...)
  redis.call('SADD', KEYS[3], ...)
  redis.call('EXPIRE', KEYS[3], ARGV[8])
  noteSession(KEYS[4], ARGV[7], now, ARGV[9])
end

-- Every try is known by its own request id as well: its client resumes by that.
local function addAlias()
  if ARGV[6] == ARGV[2] then return end
  redis.call('SET', KEYS[2], ARGV[6], 'EX', ARGV[5])
  note(KEYS[2])
end

local claim = redis.call('HMGET', KEYS[1], 'body', 'requestId', 'generation', 'status', 'leaseUntil', 'at', 'result',
  'takeovers')
if not claim[1] then
  redis.call('HSET', KEYS[1], 'body', ARGV[1], 'requestId', ARGV[2], 'generation', ARGV[3], 'status', 'running',
    'leaseUntil', now + ARGV[4], 'at', now)
  redis.call('EXPIRE', KEYS[1], ARGV[5])
  note(KEYS[1], ARGV[10])
  addAlias()
  return {'owned', ARGV[2], ARGV[3], now, '0'}
end
if claim[1] ~= ARGV[1] then return {'conflict', claim[2], '', 0, ''} end
addAlias()
if claim[4] == 'done' then return {'done', claim[2], claim[3], claim[6], claim[7]} end
if claim[4] == 'stopped' then return {'stopped', claim[2], claim[3], claim[6], ''} end
if tonumber(claim[5]) > now then return {'following', claim[2], claim[3], claim[6], ''} end
-- A lease that ran out may be the request's doing: it may stop one more replica, and no third.
if claim[5] ~= '0' then
  if claim[8] then return {'exhausted', claim[2], claim[3], claim[6], ''} end
  redis.call('HSET', KEYS[1], 'takeovers', 1)
end
redis.call('HSET', KEYS[1], 'generation', ARGV[3], 'leaseUntil', now + ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
note(ARGV[10])
return {'owned', claim[2], ARGV[3], claim[6], '1'}
