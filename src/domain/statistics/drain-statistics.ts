import { setTimeout as delayFor } from 'node:timers/promises';
import type { BufferedStatisticsQueue } from './buffered-statistics-queue.ts';
import type { QueuedEvent } from './statistics-queue.ts';
import { type StatisticsStore, UnstorableEventsError } from './statistics-store.ts';

/** What the drain tells its surroundings, for metrics and logs. */
export interface DrainObserver {
  written(count: number): void;
  /** Events that can never be written were set aside. */
  setAside(count: number, cause: unknown): void;
  backlog(backlog: { count: number; oldestAgeMs: number }): void;
  buffered(count: number): void;
  /** Called when the drain comes to a stand, and again when it goes on. */
  stateChanged(isDraining: boolean, cause?: unknown): void;
}

export interface StatisticsDrainDependencies {
  queue: BufferedStatisticsQueue;
  store: Pick<StatisticsStore, 'recordEvents'>;
  observer: DrainObserver;
  /** Events per transaction. */
  batchSize?: number;
  /** Shortest time between two transactions while fewer events than that come in. */
  batchIntervalMs?: number;
  delay?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface StatisticsDrain {
  start(): void;
  /** Ends the loop after the batch under way and sends what the replica still holds, `limitMs` at most. Never throws. */
  stop(limitMs: number): Promise<void>;
  /** One round: returns how many events it took off the queue. */
  drainOnce(): Promise<number>;
}

const firstPauseMs = 500;
const longestPauseMs = 5000;

/** Half to all of an exponentially growing pause, so that replicas do not come back in step. */
const pauseAfter = (failures: number) =>
  Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);

const interruptibleDelay = async (ms: number, signal: AbortSignal): Promise<void> => {
  await delayFor(ms, undefined, { signal, ref: false }).catch(() => {});
};

/**
 * Moves statistics from the queue to the store, on every replica. Nothing leaves the queue before the store has
 * committed it; what a dying replica had taken is taken again by another. While the store is away nothing is held
 * in memory: the events stay in the queue.
 */
export const createStatisticsDrain = ({
  queue,
  store,
  observer,
  batchSize = 500,
  batchIntervalMs = 1000,
  delay = interruptibleDelay,
}: StatisticsDrainDependencies): StatisticsDrain => {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;

  const write = async (batch: readonly QueuedEvent[]): Promise<void> => {
    const queueIds = batch.map(({ queueId }) => queueId);
    try {
      observer.written(await store.recordEvents(batch.map(({ event }) => event)));
    } catch (error) {
      if (!(error instanceof UnstorableEventsError)) throw error;
      if (batch.length > 1) return writeHalves(batch);
      await queue.setAside(queueIds);
      observer.setAside(1, error);
      return;
    }
    await queue.acknowledge(queueIds);
  };
  const writeHalves = async (batch: readonly QueuedEvent[]): Promise<void> => {
    const middle = Math.ceil(batch.length / 2);
    await write(batch.slice(0, middle));
    await write(batch.slice(middle));
  };

  const drainOnce = async (): Promise<number> => {
    await queue.flush();
    const batch = await queue.take(batchSize, batchIntervalMs);
    if (batch.length > 0) await write(batch);
    return batch.length;
  };

  const reportBacklog = async () => {
    observer.buffered(queue.bufferedCount());
    await queue.backlog().then(observer.backlog, () => {});
  };

  const run = async () => {
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        const taken = await drainOnce();
        if (failures > 0) observer.stateChanged(true);
        failures = 0;
        if (taken > 0 && taken < batchSize) await delay(batchIntervalMs, stopping.signal);
      } catch (error) {
        failures += 1;
        if (failures === 1) observer.stateChanged(false, error);
        await delay(pauseAfter(failures), stopping.signal);
      }
      await reportBacklog();
    }
  };

  return {
    start: () => {
      running ??= run();
    },
    stop: async (limitMs) => {
      stopping.abort();
      const finish = async () => {
        await running;
        await queue.flush();
      };
      await Promise.race([finish().catch(() => {}), delayFor(limitMs, undefined, { ref: false })]);
    },
    drainOnce,
  };
};
