import type { AgreedSession, SessionStore } from '../../domain/sessions/session-store.ts';
import { parseSession, parseTurn } from './chat-records.ts';
import { activeSessionsKey, indexTtlSeconds, type Keys, replyTtlSeconds } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';
import { runPipeline } from './run-pipeline.ts';

/**
 * KEYS meta, turns, ended, user's sessions, active sessions.
 * ARGV ttlSeconds, role or '', campus or '', session id, name among the active. Reply: the meta hash.
 */
const startScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSETNX', KEYS[1], 'startedAt', now)
redis.call('HSET', KEYS[1], 'lastActiveAt', now)
if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'role', ARGV[2]) end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'campus', ARGV[3]) end
redis.call('DEL', KEYS[3])
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now - math.max(ARGV[1], ${indexTtlSeconds}) * 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', now)
redis.call('ZADD', KEYS[4], now, ARGV[4])
redis.call('ZADD', KEYS[5], now + ARGV[1] * 1000, ARGV[5])
for _, key in ipairs({KEYS[1], KEYS[2], KEYS[5]}) do redis.call('EXPIRE', key, ARGV[1]) end
redis.call('EXPIRE', KEYS[4], math.max(ARGV[1], ${indexTtlSeconds}))
return redis.call('HGETALL', KEYS[1])
`;

/**
 * KEYS agreement, session's requests, user's sessions. ARGV proposal, its life, session id, life of the index, life of the
 * user's sessions in seconds. Reply: what was agreed on before, or false. Indexed for erasure as it is made.
 */
const agreeScript = `
local agreed = redis.call('GET', KEYS[1])
if agreed then return agreed end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('SADD', KEYS[2], KEYS[1])
redis.call('EXPIRE', KEYS[2], ARGV[4])
local time = redis.call('TIME')
redis.call('ZADD', KEYS[3], time[1] * 1000 + math.floor(time[2] / 1000), ARGV[3])
redis.call('EXPIRE', KEYS[3], ARGV[5])
return false
`;

/**
 * KEYS meta, turns, ended, user's sessions, active sessions, session's requests.
 * ARGV session id, life of the ended mark, life of the user's sessions in seconds. Reply: the meta hash.
 * The user's sessions and the names of replies stay: the mark is held of the user, and an answer may still be written. So do
 * agreements: a retry is told the same session.
 */
const endScript = `
local meta = redis.call('HGETALL', KEYS[1])
local deleted = redis.call('DEL', KEYS[1], KEYS[2])
redis.call('ZREM', KEYS[5], KEYS[1])
local requests = redis.call('SMEMBERS', KEYS[6])
for _, key in ipairs(requests) do
  if string.find(key, '^session:agreed:') == nil then redis.call('DEL', key) end
  if string.find(key, '^request') then redis.call('SREM', KEYS[6], key) end
end
if deleted > 0 then redis.call('SET', KEYS[3], 1, 'EX', ARGV[2]) end
if deleted > 0 or #requests > 0 then
  local time = redis.call('TIME')
  redis.call('ZADD', KEYS[4], time[1] * 1000 + math.floor(time[2] / 1000), ARGV[1])
  redis.call('EXPIRE', KEYS[4], ARGV[3])
end
return meta
`;

/** KEYS active sessions. Reply: how many have not expired. */
const countScript = `
local time = redis.call('TIME')
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', time[1] * 1000 + math.floor(time[2] / 1000))
return redis.call('ZCARD', KEYS[1])
`;

/** How long an answer that is still under way is kept from reviving an ended session; longer than any answer takes. */
const endedTtlSeconds = 700;

export interface RedisSessionStoreOptions {
  connection: RedisConnection;
  keys: Keys;
  sessionTtlSeconds: number;
}

export function createRedisSessionStore(options: RedisSessionStoreOptions): SessionStore {
  const { connection, keys } = options;
  const store: SessionStore = {
    start: (key, audience) =>
      connection.run(async (redis) => {
        const meta = await redis.eval(
          startScript,
          5,
          keys.sessionMeta(key),
          keys.sessionTurns(key),
          keys.sessionEnded(key),
          keys.userSessions(key.userId),
          activeSessionsKey,
          options.sessionTtlSeconds,
          audience.role ?? '',
          audience.campus ?? '',
          key.sessionId,
          keys.sessionMeta(key),
        );
        const session = parseSession(toRecord(meta as string[]));
        if (session === undefined) throw new Error('a session that was just started has no start');
        return session;
      }),

    agreeOnId: (purpose, proposed, userId) =>
      connection.run(async (redis) => {
        const requests = keys.sessionRequests({ userId, sessionId: proposed.sessionId });
        const agreed = await redis.eval(
          agreeScript,
          3,
          keys.agreedSession(purpose),
          requests,
          keys.userSessions(userId),
          JSON.stringify(proposed),
          replyTtlSeconds,
          proposed.sessionId,
          indexTtlSeconds,
          Math.max(options.sessionTtlSeconds, indexTtlSeconds),
        );
        return agreed === null ? proposed : (JSON.parse(agreed as string) as AgreedSession);
      }),

    find: (key) => connection.run(async (redis) => parseSession(await redis.hgetall(keys.sessionMeta(key)))),

    findHistory: (key) =>
      connection.run(async (redis) => {
        const pipeline = redis.pipeline().exists(keys.sessionMeta(key)).lrange(keys.sessionTurns(key), 0, -1);
        const [exists, turns] = (await runPipeline(pipeline)) as [number, string[]];
        return exists === 1 ? turns.map(parseTurn) : undefined;
      }),

    end: (key) =>
      connection.run(async (redis) => {
        const meta = await redis.eval(
          endScript,
          6,
          keys.sessionMeta(key),
          keys.sessionTurns(key),
          keys.sessionEnded(key),
          keys.userSessions(key.userId),
          activeSessionsKey,
          keys.sessionRequests(key),
          key.sessionId,
          endedTtlSeconds,
          Math.max(options.sessionTtlSeconds, indexTtlSeconds),
        );
        return parseSession(toRecord(meta as string[]));
      }),

    countActive: () =>
      connection.run(async (redis) => (await redis.eval(countScript, 1, activeSessionsKey)) as number),

    async exportUser(userId) {
      const sessionIds = await connection.run((redis) => redis.zrange(keys.userSessions(userId), '0', '-1'));
      const sessions = [];
      for (const sessionId of sessionIds) {
        const key = { userId, sessionId };
        const [session, turns] = await Promise.all([store.find(key), store.findHistory(key)]);
        if (session) sessions.push({ sessionId, session, turns: turns ?? [] });
      }
      return sessions;
    },
  };
  return store;
}

function toRecord(flat: readonly string[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) record[flat[i] as string] = flat[i + 1] as string;
  return record;
}
