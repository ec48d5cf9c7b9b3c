import { type Redis, ReplyError } from 'ioredis';
import { DependencyError } from '../../domain/errors.ts';
import type { StatisticsSubject } from '../../domain/statistics/data-subject.ts';
import { isOfSubject } from '../../domain/statistics/is-of-subject.ts';
import {
  parseStatisticsEvent,
  serializeStatisticsEvent,
} from '../../domain/statistics/serialize-statistics-event.ts';
import type { StatisticsEvent } from '../../domain/statistics/statistics-event.ts';
import type { QueuedEvent, StatisticsQueue } from '../../domain/statistics/statistics-queue.ts';
import { withTimeLimit } from '../time-limit.ts';
import { statisticsEventsKey, statisticsSetAsideKey } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';
import { runPipeline } from './run-pipeline.ts';
import { runScript } from './scripts.ts';

export interface StatisticsQueueOptions {
  redis: Pick<RedisConnection, 'run' | 'duplicate'>;
  /** Name of this replica in the consumer group. */
  consumer: string;
  /** STATISTICS_QUEUE_LIMIT: events that may wait. */
  limit: number;
  /** Called for events that no program of this version can read; they are set aside. */
  onUnreadable: (count: number) => void;
  /** After this long without a sign, what a consumer had taken goes to another; that it may still write it does no harm. */
  takeOverAfterMs?: number;
}

type StreamEntry = [queueId: string, fields: string[] | null];

const group = 'drain';
/** Entries that `erase` looks at in one round trip. */
const scanCount = 500;
const setAsideLimit = 1000;
const setAsideTtlSeconds = 7 * 86_400;
/** Time beyond its own BLOCK that a blocking read gets before its connection is given up. */
const replyGraceMs = 1000;

/**
 * The statistics queue in a Redis Stream. Reading blocks, so it has a connection of its own; a server that falls
 * silent there costs the time asked for and a second. Every method throws DependencyError `redis` when Redis is out.
 */
export function createRedisStatisticsQueue(
  options: StatisticsQueueOptions,
): StatisticsQueue & { close(): Promise<void> } {
  const { redis, consumer, limit, onUnreadable, takeOverAfterMs = 5000 } = options;
  // Offline commands wait for the connection, within the limit of `read`.
  const reader = redis.duplicate({ enableOfflineQueue: true });

  async function read<T>(work: (reader: Redis) => Promise<T>, limitMs: number): Promise<T> {
    const silent = () => {
      reader.disconnect(true);
      return new DependencyError('redis', 'timeout', 'Redis does not answer the reader', { retryable: true });
    };
    try {
      return await withTimeLimit(work(reader), limitMs, silent);
    } catch (error) {
      if (error instanceof DependencyError || error instanceof ReplyError) throw error;
      throw new DependencyError('redis', 'unavailable', 'Redis does not answer', {
        retryable: true,
        cause: error,
      });
    }
  }

  /** The group is missing on a new or emptied Redis; it begins with the oldest event there is. */
  async function withGroup<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ReplyError) || !(error as Error).message.startsWith('NOGROUP')) throw error;
      await redis.run((client) =>
        client
          .xgroup('CREATE', statisticsEventsKey, group, '0', 'MKSTREAM')
          .catch((reason: Error) => (reason.message.startsWith('BUSYGROUP') ? 'OK' : Promise.reject(reason))),
      );
      return work();
    }
  }

  const readAtOnce = async (count: number, from: '0' | '>'): Promise<StreamEntry[]> => {
    const reply = await redis.run((client) =>
      client.xreadgroup('GROUP', group, consumer, 'COUNT', count, 'STREAMS', statisticsEventsKey, from),
    );
    return entriesOf(reply);
  };
  /** Taken by this consumer before, and not acknowledged: the store was away, or this replica started anew. */
  const readOwn = (count: number) => readAtOnce(count, '0');
  const readWaiting = (count: number) => readAtOnce(count, '>');
  const takeOver = async (count: number): Promise<StreamEntry[]> => {
    const reply = await redis.run((client) =>
      client.xautoclaim(statisticsEventsKey, group, consumer, takeOverAfterMs, '0', 'COUNT', count),
    );
    return (reply as [string, StreamEntry[]])[1];
  };
  const readNew = async (count: number, blockMs: number): Promise<StreamEntry[]> => {
    const work = (client: Redis) =>
      client.xreadgroup(
        ...(['GROUP', group, consumer, 'COUNT', count] as const),
        ...(['BLOCK', blockMs, 'STREAMS', statisticsEventsKey, '>'] as const),
      );
    return entriesOf(await read(work, blockMs + replyGraceMs));
  };

  async function remove(queueIds: readonly string[]): Promise<void> {
    if (queueIds.length === 0) return;
    await redis.run((client) =>
      runPipeline(
        client
          .multi()
          .xack(statisticsEventsKey, group, ...queueIds)
          .xdel(statisticsEventsKey, ...queueIds),
      ),
    );
  }

  async function setAside(entries: readonly StreamEntry[]): Promise<void> {
    const queueIds = entries.map(([queueId]) => queueId);
    const texts = entries.map(([, fields]) => textOf(fields));
    await redis.run((client) =>
      runPipeline(
        client
          .multi()
          .rpush(statisticsSetAsideKey, ...texts)
          .ltrim(statisticsSetAsideKey, -setAsideLimit, -1)
          .expire(statisticsSetAsideKey, setAsideTtlSeconds)
          .xack(statisticsEventsKey, group, ...queueIds)
          .xdel(statisticsEventsKey, ...queueIds),
      ),
    );
  }

  /** These are told by the names in them, for not all can be read as events. */
  async function eraseSetAside(
    { userId, sessionHash }: StatisticsSubject,
    requestIds: ReadonlySet<string>,
  ): Promise<number> {
    const names = sessionHash === undefined ? [userId] : [sessionHash, ...requestIds];
    const texts = await redis.run((client) => client.lrange(statisticsSetAsideKey, 0, -1));
    const theirs = texts.filter((text) => names.some((name) => text.includes(JSON.stringify(name))));
    for (const text of theirs) await redis.run((client) => client.lrem(statisticsSetAsideKey, 1, text));
    return theirs.length;
  }

  async function parse(entries: readonly StreamEntry[]): Promise<QueuedEvent[]> {
    const unreadable: StreamEntry[] = [];
    const deleted = entries.filter(([, fields]) => fields === null);
    await remove(deleted.map(([queueId]) => queueId));
    const events = entries.flatMap((entry) => {
      if (entry[1] === null) return [];
      const event = tryParse(textOf(entry[1]));
      if (event === undefined) unreadable.push(entry);
      return event === undefined ? [] : [{ queueId: entry[0], event }];
    });
    if (unreadable.length > 0) {
      await setAside(unreadable);
      onUnreadable(unreadable.length);
    }
    return events;
  }

  return {
    async append(events) {
      if (events.length === 0) return true;
      const texts = events.map(serializeStatisticsEvent);
      const taken = await redis.run((client) =>
        runScript(client, 'append-events', [statisticsEventsKey], [limit, ...texts]),
      );
      return taken === 1;
    },

    async take(count, blockMs) {
      const entries = await withGroup(async () => {
        const own = await readOwn(count);
        const taken = own.length > 0 ? own : await takeOver(count);
        if (taken.length === 0) return readNew(count, blockMs);
        return taken.length < count ? [...taken, ...(await readWaiting(count - taken.length))] : taken;
      });
      return parse(entries);
    },

    acknowledge: remove,

    async setAside(queueIds) {
      const entries = await redis.run((client) =>
        Promise.all(queueIds.map((queueId) => client.xrange(statisticsEventsKey, queueId, queueId))),
      );
      if (entries.flat().length > 0) await setAside(entries.flat());
    },

    async erase(subject, requestIds) {
      const ids = new Set(requestIds);
      let erased = await eraseSetAside(subject, ids);
      let from = '-';
      for (;;) {
        const start = from;
        const entries: StreamEntry[] = await redis.run((client) =>
          client.xrange(statisticsEventsKey, start, '+', 'COUNT', scanCount),
        );
        const theirs = entries.filter(([, fields]) => {
          const event = tryParse(textOf(fields));
          const isTheirs = event !== undefined && isOfSubject(event, subject, ids);
          if (isTheirs && event.kind === 'interaction') ids.add(event.id);
          return isTheirs;
        });
        await remove(theirs.map(([queueId]) => queueId));
        erased += theirs.length;
        const last = entries.at(-1);
        if (last === undefined || entries.length < scanCount) return erased;
        from = `(${last[0]}`;
      }
    },

    async backlog() {
      const [count, oldest, [seconds, microseconds]] = await redis.run((client) =>
        Promise.all([
          client.xlen(statisticsEventsKey),
          client.xrange(statisticsEventsKey, '-', '+', 'COUNT', 1),
          client.time(),
        ]),
      );
      const nowMs = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
      const oldestAtMs = Number(oldest[0]?.[0].split('-')[0] ?? nowMs);
      return { count, oldestAgeMs: Math.max(0, nowMs - oldestAtMs) };
    },

    async close() {
      reader.disconnect();
      await redis
        .run((client) => runScript(client, 'leave-group', [statisticsEventsKey], [group, consumer]))
        .catch(() => {});
    },
  };
}

function entriesOf(reply: unknown): StreamEntry[] {
  return (reply as [string, StreamEntry[]][] | null)?.[0]?.[1] ?? [];
}

function textOf(fields: string[] | null): string {
  return fields?.[fields.indexOf('event') + 1] ?? '';
}

function tryParse(text: string): StatisticsEvent | undefined {
  try {
    return parseStatisticsEvent(text);
  } catch {
    return undefined;
  }
}
