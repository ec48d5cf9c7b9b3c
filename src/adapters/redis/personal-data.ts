import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { DependencyError } from '../../domain/errors.ts';
import type { SessionKey } from '../../domain/sessions/session-store.ts';
import type { DataSubject, PersonalData, SearchedPlace } from '../../domain/statistics/data-subject.ts';
import { namesPerson } from '../../domain/statistics/names-person.ts';
import { activeSessionsKey, type Keys, stopChannel } from './keys.ts';
import { readValues } from './read-values.ts';
import type { RedisConnection } from './redis-connection.ts';

/** Longer than an answer under way can take. */
export const tombstoneTtlSeconds = 900;
/** A writer learns within half a second that its claim is gone; by then it has written its last. */
const lastWordsMs = 1500;
/** Keys that a step of the search asks for; each is read by a command of its own, between which others have their turn. */
const keysPerStep = 100;
const searchCommandLimitMs = 5000;
/** Numbers and vectors, named by hashes of texts and addresses. */
const withoutText = /^(limit|embedding|gemini|erased):/;

export interface RedisPersonalDataOptions {
  connection: RedisConnection;
  keys: Keys;
  /** Names by which records of statistics know a person. */
  namesOf: (subject: DataSubject) => readonly string[];
  /** How long to wait for the last words of answers that were under way. */
  settleMs?: number;
}

/** Sessions, claims and replies. `erase` returns how many sessions went. */
export function createRedisPersonalData(options: RedisPersonalDataOptions): PersonalData<number> {
  const { connection, keys, namesOf, settleMs = lastWordsMs } = options;

  const sessionIdsOf = ({ userId, sessionId }: DataSubject): Promise<string[]> =>
    sessionId === undefined
      ? connection.run((redis) => redis.zrange(keys.userSessions(userId), '0', '-1'))
      : Promise.resolve([sessionId]);

  /** Deletes a session with its claims. `running`: claims that somebody was still writing for. */
  async function eraseSession(key: SessionKey): Promise<{ existed: boolean; requests: string[] }> {
    return connection.run(async (redis) => {
      const meta = keys.sessionMeta(key);
      const requests = await redis.smembers(keys.sessionRequests(key));
      const held = [keys.sessionTurns(key), keys.sessionEnded(key), keys.sessionRequests(key)];
      const existed = (await redis.del(meta)) === 1;
      await redis.del(...held, ...requests);
      await redis.zrem(activeSessionsKey, meta);
      await redis.zrem(keys.userSessions(key.userId), key.sessionId);
      for (const request of requests.filter((name) => name.startsWith('request:'))) {
        await redis.publish(stopChannel, request);
      }
      return { existed, requests };
    });
  }

  async function isRunning(requests: readonly string[]): Promise<boolean> {
    for (const request of requests.filter((name) => name.startsWith('request:'))) {
      if ((await connection.run((redis) => redis.hget(request, 'status'))) === 'running') return true;
    }
    return false;
  }

  return {
    async erase(subject) {
      const { userId } = subject;
      // First, so that from here on nothing comes back.
      await connection.run((redis) =>
        redis.set(keys.erased(userId, subject.sessionId), 1, 'EX', tombstoneTtlSeconds),
      );
      let sessions = 0;
      let wasWriting = false;
      const erasedRequests: string[] = [];
      for (const sessionId of await sessionIdsOf(subject)) {
        const key = { userId, sessionId };
        wasWriting ||= await isRunning(
          await connection.run((redis) => redis.smembers(keys.sessionRequests(key))),
        );
        const { existed, requests } = await eraseSession(key);
        erasedRequests.push(...requests);
        if (existed) sessions += 1;
      }
      if (wasWriting) {
        await delay(settleMs);
        for (let from = 0; from < erasedRequests.length; from += keysPerStep) {
          const step = erasedRequests
            .slice(from, from + keysPerStep)
            .filter((key) => key.startsWith('reply:'));
          if (step.length > 0) await connection.run((redis) => redis.del(...step));
        }
      }
      return sessions;
    },

    async search(subject) {
      const redis = connection.duplicate({
        connectionName: 'erasure',
        enableOfflineQueue: true,
        commandTimeout: searchCommandLimitMs,
      });
      try {
        return await searchKeys(redis, keys, subject, namesOf(subject));
      } catch (cause) {
        throw new DependencyError('redis', 'unavailable', 'Redis does not answer', {
          retryable: true,
          cause,
        });
      } finally {
        redis.disconnect();
      }
    },
  };
}

/** Looks at the name of every key, and into every value that can hold text. */
async function searchKeys(
  redis: Redis,
  keys: Keys,
  { userId, sessionId }: DataSubject,
  names: readonly string[],
): Promise<SearchedPlace> {
  const inName = sessionId === undefined ? keys.userName(userId) : keys.callerName({ userId, sessionId });
  const tombstone = keys.erased(userId, sessionId);
  const inText = sessionId === undefined ? [...names, userId] : [...names, sessionId];
  const found = new Map<string, number>();
  let records = 0;
  let cursor = '0';
  do {
    const [next, step] = await redis.scan(cursor, 'COUNT', keysPerStep);
    cursor = next;
    records += step.length;
    const isFound = await Promise.all(
      step.map(async (key) => {
        if (key === tombstone) return false;
        const isTheirs = key.includes(inName) || (sessionId !== undefined && key.includes(sessionId));
        return isTheirs || (!withoutText.test(key) && (await holds(redis, key, inText)));
      }),
    );
    for (const key of step.filter((_, i) => isFound[i])) {
      const place = `redis ${key.slice(0, key.indexOf(':') + 1) || key}*`;
      found.set(place, (found.get(place) ?? 0) + 1);
    }
  } while (cursor !== '0');
  return {
    place: 'redis',
    records,
    found: [...found].map(([place, count]) => ({ place, records: count })),
  };
}

async function holds(redis: Redis, key: string, names: readonly string[]): Promise<boolean> {
  for await (const text of readValues(redis, key)) {
    if (names.some((name) => namesPerson(text, name))) return true;
  }
  return false;
}
