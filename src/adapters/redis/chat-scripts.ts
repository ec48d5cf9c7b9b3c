/**
 * The atomic steps of a chat, in Lua. Times are Redis' own, so that replicas need not agree on a clock.
 * A claim is a hash: body, requestId, request (where it is kept), generation, status (running, done, stopped), at,
 * leaseUntil (0 once released), takeovers, result, stop, readerAt.
 */

const nowMs = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/**
 * KEYS claim, alias, session's requests, user's sessions. ARGV 1 bodyHash, 2 requestId, 3 generation, 4 leaseMs, 5 ttlSeconds,
 *  6 alias target, 7 session id, 8 life of the index in seconds, 9 life of the user's sessions in seconds.
 * What a claim holds is indexed for erasure as it is made, whatever becomes of its session.
 * Reply: state, requestId, generation, at, detail (result of a finished claim, 1 for a takeover).
 */
export const claimScript = `${nowMs}
local function note(...)
  redis.call('SADD', KEYS[3], ...)
  redis.call('EXPIRE', KEYS[3], ARGV[8])
  redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now - ARGV[9] * 1000)
  redis.call('ZADD', KEYS[4], now, ARGV[7])
  redis.call('EXPIRE', KEYS[4], ARGV[9])
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
  note(KEYS[1], 'reply:' .. ARGV[3])
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
note('reply:' .. ARGV[3])
return {'owned', claim[2], ARGV[3], claim[6], '1'}
`;

/** KEYS from the given one on: tombstones of the user and of the session. A claim that is gone with one of them was erased. */
const wasErased = (firstTombstone: number) =>
  `redis.call('EXISTS', KEYS[${firstTombstone}], KEYS[${firstTombstone + 1}]) > 0`;

/**
 * KEYS claim, two tombstones. ARGV generation, leaseMs. Reply: held (1 or 0), stop requested (1 or 0), ms since a reader, or
 * -1. A claim that the server forgot (restarted empty) is nobody else's, so it counts as held.
 */
export const renewScript = `${nowMs}
local claim = redis.call('HMGET', KEYS[1], 'generation', 'status', 'stop', 'readerAt')
if not claim[1] then
  if ${wasErased(2)} then return {1, 1, -1} end
  return {1, 0, -1}
end
if claim[1] ~= ARGV[1] or claim[2] ~= 'running' then return {0, 0, -1} end
redis.call('HSET', KEYS[1], 'leaseUntil', now + ARGV[2])
return {1, claim[3] and 1 or 0, claim[4] and now - claim[4] or -1}
`;

/**
 * KEYS claim, session's requests, two tombstones. ARGV old generation, new generation, leaseMs, ttlSeconds of the index.
 * Reply: 1 if it was ours.
 */
export const restartScript = `${nowMs}
local claim = redis.call('HMGET', KEYS[1], 'generation', 'status')
if not claim[1] then
  if ${wasErased(3)} then return 0 end
  return 1
end
if claim[1] ~= ARGV[1] or claim[2] ~= 'running' then return 0 end
redis.call('HSET', KEYS[1], 'generation', ARGV[2], 'leaseUntil', now + ARGV[3])
redis.call('SADD', KEYS[2], 'reply:' .. ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return 1
`;

/** KEYS claim. ARGV generation, how (stopped or released). */
export const abandonScript = `
local claim = redis.call('HMGET', KEYS[1], 'generation', 'status')
if claim[1] ~= ARGV[1] or claim[2] ~= 'running' then return 0 end
if ARGV[2] == 'stopped' then redis.call('HSET', KEYS[1], 'status', 'stopped')
else redis.call('HSET', KEYS[1], 'leaseUntil', 0) end
return 1
`;

/** KEYS claim. Notes a stop request. Reply: 1 if the claim is running. */
export const requestStopScript = `
if redis.call('HGET', KEYS[1], 'status') ~= 'running' then return 0 end
redis.call('HSET', KEYS[1], 'stop', 1)
return 1
`;

/** KEYS claim. ARGV request. Keeps the question with a claim that is there. */
export const keepQuestionScript = `
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'request', ARGV[1]) end
return 1
`;

/** KEYS claim. Notes that a client reads from elsewhere. */
export const noteReaderScript = `${nowMs}
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'readerAt', now) end
return 1
`;

/**
 * Closes a chat, all or nothing and once per claim.
 * KEYS claim, meta, turns, ended, user's sessions, active sessions, answer, events, two tombstones.
 * ARGV 1 generation, 2 result, 3 claimTtlSeconds, 4 turn or '', 5 sessionTtlSeconds, 6 session's start as opened or '',
 *  7 role or '', 8 campus or '', 9 asked (1 or 0), 10 event or '', 11 event limit, 12 answer or '', 13 answerTtlSeconds,
 *  14 kept turns, 15 session id, 16 name of the session among the active, 17 life of the user's sessions in seconds.
 * Reply: closed (1 or 0), event taken (1 or 0), session is new (1 or 0).
 */
export const closeScript = `${nowMs}
local claim = redis.call('HMGET', KEYS[1], 'status', 'generation')
if claim[1] and (claim[1] ~= 'running' or claim[2] ~= ARGV[1]) then return {0, 0, 0} end
if not claim[1] and ${wasErased(9)} then return {0, 0, 0} end
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
    redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', now - ARGV[17] * 1000)
    redis.call('ZREMRANGEBYSCORE', KEYS[6], '-inf', now)
    redis.call('ZADD', KEYS[5], now, ARGV[15])
    redis.call('ZADD', KEYS[6], now + ARGV[5] * 1000, ARGV[16])
    for _, key in ipairs({KEYS[2], KEYS[3], KEYS[6]}) do redis.call('EXPIRE', key, ARGV[5]) end
    redis.call('EXPIRE', KEYS[5], ARGV[17])
  end
end
local isTaken = 1
if ARGV[10] ~= '' then
  if redis.call('XLEN', KEYS[8]) < tonumber(ARGV[11]) then redis.call('XADD', KEYS[8], '*', 'event', ARGV[10])
  else isTaken = 0 end
end
if ARGV[12] ~= '' then redis.call('SET', KEYS[7], ARGV[12], 'EX', ARGV[13]) end
return {1, isTaken, isNew}
`;
