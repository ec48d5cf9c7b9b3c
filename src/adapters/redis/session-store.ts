import type { AgreedSession, SessionStore } from '../../domain/sessions/session-store.ts';
import { parseSession, parseTurn } from './chat-records.ts';
import { activeSessionsKey, indexTtlSeconds, type Keys, replyTtlSeconds } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';
import { runPipeline } from './run-pipeline.ts';
import { runScript } from './scripts.ts';

/** How long an answer that is still under way is kept from reviving an ended session; longer than any answer takes. */
const endedTtlSeconds = 700;

export interface RedisSessionStoreOptions {
  connection: RedisConnection;
  keys: Keys;
  sessionTtlSeconds: number;
}

export function createRedisSessionStore(options: RedisSessionStoreOptions): SessionStore {
  const { connection, keys } = options;
  const userIndexTtlSeconds = Math.max(options.sessionTtlSeconds, indexTtlSeconds);
  const store: SessionStore = {
    start: (key, audience) =>
      connection.run(async (redis) => {
        const meta = await runScript(
          redis,
          'start-session',
          [
            keys.sessionMeta(key),
            keys.sessionTurns(key),
            keys.sessionEnded(key),
            keys.userSessions(key.userId),
            activeSessionsKey,
          ],
          [
            options.sessionTtlSeconds,
            audience.role ?? '',
            audience.campus ?? '',
            key.sessionId,
            keys.sessionMeta(key),
            userIndexTtlSeconds,
          ],
        );
        const session = parseSession(toRecord(meta as string[]));
        if (session === undefined) throw new Error('a session that was just started has no start');
        return session;
      }),

    agreeOnId: (purpose, proposed, userId) =>
      connection.run(async (redis) => {
        const agreed = await runScript(
          redis,
          'agree-on-session',
          [
            keys.agreedSession(purpose),
            keys.sessionRequests({ userId, sessionId: proposed.sessionId }),
            keys.userSessions(userId),
          ],
          [
            JSON.stringify(proposed),
            replyTtlSeconds,
            proposed.sessionId,
            indexTtlSeconds,
            userIndexTtlSeconds,
          ],
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
        const meta = await runScript(
          redis,
          'end-session',
          [
            keys.sessionMeta(key),
            keys.sessionTurns(key),
            keys.sessionEnded(key),
            keys.userSessions(key.userId),
            activeSessionsKey,
            keys.sessionRequests(key),
          ],
          [key.sessionId, endedTtlSeconds, userIndexTtlSeconds, keys.sessionMeta(key)],
        );
        return parseSession(toRecord(meta as string[]));
      }),

    countActive: () =>
      connection.run(
        async (redis) => (await runScript(redis, 'count-active-sessions', [activeSessionsKey])) as number,
      ),

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
