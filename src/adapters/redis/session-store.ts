import type { AgreedSession, SessionStore } from '../../domain/sessions/session-store.ts';
import { parseSession, parseTurn } from './chat-records.ts';
import { activeSessionsKey, type Keys, replyTtlSeconds } from './keys.ts';
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
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now - math.max(ARGV[1], ${replyTtlSeconds}) * 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', now)
redis.call('ZADD', KEYS[4], now, ARGV[4])
redis.call('ZADD', KEYS[5], now + ARGV[1] * 1000, ARGV[5])
for _, key in ipairs({KEYS[1], KEYS[2], KEYS[5]}) do redis.call('EXPIRE', key, ARGV[1]) end
redis.call('EXPIRE', KEYS[4], math.max(ARGV[1], ${replyTtlSeconds}))
return redis.call('HGETALL', KEYS[1])
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

    agreeOnId: (purpose, proposed) =>
      connection.run(async (redis) => {
        const key = keys.agreedSession(purpose);
        const agreed = await redis.set(key, JSON.stringify(proposed), 'EX', replyTtlSeconds, 'NX', 'GET');
        return agreed === null ? proposed : (JSON.parse(agreed) as AgreedSession);
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
        const meta = keys.sessionMeta(key);
        const transaction = redis
          .multi()
          .hgetall(meta)
          .del(meta, keys.sessionTurns(key))
          .zrem(keys.userSessions(key.userId), key.sessionId)
          .zrem(activeSessionsKey, meta);
        const [fields, deleted] = (await runPipeline(transaction)) as [Record<string, string>, number];
        if (deleted > 0) await redis.set(keys.sessionEnded(key), 1, 'EX', endedTtlSeconds);
        const requests = keys.sessionRequests(key);
        await redis.del(requests, ...(await redis.smembers(requests)));
        return parseSession(fields);
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

    async eraseUser(userId) {
      const sessionIds = await connection.run((redis) => redis.zrange(keys.userSessions(userId), '0', '-1'));
      for (const sessionId of sessionIds) {
        await store.end({ userId, sessionId });
      }
      await connection.run((redis) => redis.del(keys.userSessions(userId)));
      return sessionIds.length;
    },
  };
  return store;
}

function toRecord(flat: readonly string[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) record[flat[i] as string] = flat[i + 1] as string;
  return record;
}
