import { beforeEach, describe, expect, it } from 'vitest';
import { DependencyError } from '../../../src/domain/errors.ts';
import { createBufferedStatisticsQueue } from '../../../src/domain/statistics/buffered-statistics-queue.ts';
import { createStatisticsDrain } from '../../../src/domain/statistics/drain-statistics.ts';
import type { StatisticsEvent } from '../../../src/domain/statistics/statistics-event.ts';
import { UnstorableEventsError } from '../../../src/domain/statistics/statistics-store.ts';
import { createMemoryStatisticsQueue } from '../../fakes/memory-statistics-queue.ts';
import { search } from '../../fixtures/statistics-events.ts';

const events = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => search({ id: `s${from + n}` }));

let fake: ReturnType<typeof createMemoryStatisticsQueue>;
let dropped: Record<string, number>;
let stored: string[];
let storeIsOut: boolean;
let states: boolean[];

const createQueue = (limit = 10) =>
  createBufferedStatisticsQueue({
    queue: fake.queue,
    limit,
    onDropped: (reason, count) => {
      dropped[reason] = (dropped[reason] ?? 0) + count;
    },
  });

const recordEvents = async (batch: readonly StatisticsEvent[]) => {
  if (storeIsOut) throw new DependencyError('postgres', 'unavailable', 'Postgres is out');
  if (batch.some(({ id }) => id.startsWith('bad'))) throw new UnstorableEventsError({});
  stored.push(...batch.map(({ id }) => id));
  return batch.length;
};

const createDrain = (queue = createQueue()) =>
  createStatisticsDrain({
    queue,
    store: { recordEvents },
    batchSize: 8,
    delay: () => new Promise(setImmediate),
    observer: {
      written: () => {},
      setAside: () => {},
      backlog: () => {},
      buffered: () => {},
      stateChanged: (isDraining) => states.push(isDraining),
    },
  });

beforeEach(() => {
  fake = createMemoryStatisticsQueue();
  dropped = {};
  stored = [];
  states = [];
  storeIsOut = false;
});

describe('the buffered queue', () => {
  it('holds events while the queue is away and sends them, in order, when it is back', async () => {
    const queue = createQueue();
    fake.state.isOut = true;
    await queue.append(events(2));
    await queue.append(events(2, 2));
    expect(queue.bufferedCount()).toBe(4);
    await expect(queue.flush()).rejects.toThrow();
    fake.state.isOut = false;
    await queue.append(events(1, 4));
    await Promise.all([queue.flush(), queue.flush()]);
    expect(fake.waiting.map(({ event }) => event.id)).toEqual(['s0', 's1', 's2', 's3', 's4']);
    expect(queue.bufferedCount()).toBe(0);
    expect(dropped).toEqual({});
  });

  it('holds no more than its limit and counts what it had to drop', async () => {
    const queue = createQueue(3);
    fake.state.isOut = true;
    expect(await queue.append(events(2))).toBe(true);
    expect(await queue.append(events(4, 2))).toBe(false);
    expect(queue.bufferedCount()).toBe(3);
    expect(dropped).toEqual({ buffer_full: 3 });
  });

  it('counts what a full queue refused', async () => {
    fake.state.limit = 1;
    expect(await createQueue().append(events(2))).toBe(false);
    expect(dropped).toEqual({ queue_full: 2 });
  });
});

describe('the drain', () => {
  it('takes events off the queue only after they were stored', async () => {
    const drain = createDrain();
    await fake.queue.append(events(12));
    storeIsOut = true;
    await expect(drain.drainOnce()).rejects.toThrow();
    expect(fake.waiting).toHaveLength(12);
    storeIsOut = false;
    expect(await drain.drainOnce()).toBe(8);
    expect(await drain.drainOnce()).toBe(4);
    expect(fake.waiting).toEqual([]);
    expect(stored).toHaveLength(12);
  });

  it('sets aside only what can never be stored', async () => {
    const drain = createDrain();
    await fake.queue.append([...events(3), search({ id: 'bad1' }), ...events(2, 3), search({ id: 'bad2' })]);
    await drain.drainOnce();
    expect(stored.sort()).toEqual(['s0', 's1', 's2', 's3', 's4']);
    expect(fake.state.setAside).toHaveLength(2);
    expect(fake.waiting).toEqual([]);
  });

  it('goes on by itself after an outage, and says so once', async () => {
    const drain = createDrain();
    await fake.queue.append(events(20));
    storeIsOut = true;
    drain.start();
    await expect.poll(() => states).toEqual([false]);
    storeIsOut = false;
    await expect.poll(() => stored.length).toBe(20);
    expect(states).toEqual([false, true]);
    await drain.stop(1000);
  });

  it('sends what the replica still holds before it stops', async () => {
    const queue = createQueue();
    const drain = createDrain(queue);
    fake.state.isOut = true;
    await queue.append(events(3));
    drain.start();
    await expect.poll(() => states).toEqual([false]);
    fake.state.isOut = false;
    await drain.stop(1000);
    expect(queue.bufferedCount()).toBe(0);
    expect(fake.waiting.length + stored.length).toBe(3);
  });

  it('stops within its limit while everything is out', async () => {
    const queue = createQueue();
    fake.state.isOut = true;
    await queue.append(events(1));
    await createDrain(queue).stop(50);
    expect(queue.bufferedCount()).toBe(1);
  });
});
