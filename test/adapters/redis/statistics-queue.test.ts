import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startRedis } from '../../../infra/local/redis.ts';
import type { Service } from '../../../infra/local/service.ts';
import { createRedisConnection, type RedisConnection } from '../../../src/adapters/redis/redis-connection.ts';
import { createRedisStatisticsQueue } from '../../../src/adapters/redis/statistics-queue.ts';
import { serializeStatisticsEvent } from '../../../src/domain/statistics/serialize-statistics-event.ts';
import { interaction, rating, search, sessionChange } from '../../fixtures/statistics-events.ts';

let dataDir: string;
let server: Service;
let connection: RedisConnection;
let client: Redis;
let unreadable: number;
const queues: { close(): Promise<void> }[] = [];

const createQueue = (changes: { consumer?: string; limit?: number; takeOverAfterMs?: number } = {}) => {
  const queue = createRedisStatisticsQueue({
    redis: connection,
    consumer: 'one',
    limit: 1000,
    onUnreadable: (count) => {
      unreadable += count;
    },
    ...changes,
  });
  queues.push(queue);
  return queue;
};

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'redis-'));
  server = await startRedis({ dataDir });
  connection = createRedisConnection({ url: server.url });
  await connection.settle(5000);
  client = new Redis(server.url);
});
afterAll(async () => {
  client.disconnect();
  connection.close();
  await server.stop();
  await rm(dataDir, { recursive: true });
});
beforeEach(async () => {
  unreadable = 0;
  await client.flushall();
});
afterEach(() => Promise.all(queues.splice(0).map((queue) => queue.close())));

describe('the statistics queue', () => {
  it('gives back every kind of event as it was', async () => {
    const queue = createQueue();
    const events = [interaction(), rating({ comment: 'thanks' }), search(), sessionChange()];
    expect(await queue.append(events)).toBe(true);
    const taken = await queue.take(10, 100);
    expect(taken.map(({ event }) => event)).toEqual(events);
    await queue.acknowledge(taken.map(({ queueId }) => queueId));
    expect(await queue.backlog()).toEqual({ count: 0, oldestAgeMs: 0 });
    expect(await queue.take(10, 10)).toEqual([]);
  });

  it('waits for an event as long as it was told', async () => {
    const queue = createQueue();
    await queue.take(1, 1);
    const taking = queue.take(10, 5000);
    await queue.append([search()]);
    expect(await taking).toHaveLength(1);
  });

  it('gives each event to one consumer', async () => {
    const [one, two] = [createQueue({ consumer: 'one' }), createQueue({ consumer: 'two' })];
    await one.append(Array.from({ length: 100 }, (_, n) => search({ id: `s${n}` })));
    const taken = (await Promise.all([one.take(60, 100), two.take(60, 100)])).flat();
    expect(new Set(taken.map(({ event }) => event.id)).size).toBe(100);
    expect(taken).toHaveLength(100);
  });

  it('gives what was not acknowledged again, to the same consumer at once', async () => {
    const queue = createQueue();
    await queue.append([search({ id: 'a' })]);
    const first = await queue.take(10, 100);
    expect(await queue.take(10, 100)).toEqual(first);
  });

  it('gives what a dead consumer had taken to another one', async () => {
    const dead = createQueue({ consumer: 'dead', takeOverAfterMs: 60_000 });
    await dead.append([search({ id: 'a' })]);
    expect(await dead.take(10, 100)).toHaveLength(1);
    const patient = createQueue({ consumer: 'two', takeOverAfterMs: 60_000 });
    expect(await patient.take(10, 10)).toEqual([]);
    const heir = createQueue({ consumer: 'three', takeOverAfterMs: 0 });
    expect((await heir.take(10, 10)).map(({ event }) => event.id)).toEqual(['a']);
  });

  it('refuses events beyond its limit, all or none', async () => {
    const queue = createQueue({ limit: 3 });
    expect(await queue.append([search({ id: 'a' }), search({ id: 'b' })])).toBe(true);
    expect(await queue.append([search({ id: 'c' }), search({ id: 'd' })])).toBe(false);
    expect(await queue.backlog()).toMatchObject({ count: 2 });
  });

  it('sets aside what it cannot read, and goes on', async () => {
    const queue = createQueue();
    await client.xadd('statistics:events', '*', 'event', '{"kind":"unheard-of"}');
    await client.xadd('statistics:events', '*', 'other', 'thing');
    await client.xadd('statistics:events', '*', 'event', serializeStatisticsEvent(search()));
    expect((await queue.take(10, 100)).map(({ event }) => event)).toEqual([search()]);
    expect(unreadable).toBe(2);
    expect(await client.llen('statistics:set-aside')).toBe(2);
    expect(await client.ttl('statistics:set-aside')).toBeGreaterThan(0);
  });

  it('begins anew after Redis lost everything', async () => {
    const queue = createQueue();
    await queue.append([search()]);
    await queue.take(10, 10);
    await client.flushall();
    await queue.append([search({ id: 'later' })]);
    expect((await queue.take(10, 100)).map(({ event }) => event.id)).toEqual(['later']);
  });

  it("erases a user's events, those already taken as well", async () => {
    const queue = createQueue();
    const mine = Array.from({ length: 700 }, (_, n) => interaction({ id: `m${n}`, userId: 'me' }));
    await queue.append([search(), ...mine, interaction({ id: 'other', userId: 'you' })]);
    await queue.take(300, 10);
    expect(await queue.erase({ userId: 'me' }, [])).toBe(700);
    const left = await queue.take(1000, 10);
    expect(left.map(({ event }) => event.id)).toEqual(['search-1', 'other']);
    await queue.acknowledge(left.map(({ queueId }) => queueId));
    expect(await queue.take(1000, 10)).toEqual([]);
    expect(unreadable).toBe(0);
  });

  it('fails within its limits while Redis is frozen, and works again afterwards', async () => {
    const queue = createQueue();
    await queue.append([search()]);
    server.pause();
    const startedAt = performance.now();
    try {
      await expect(queue.take(10, 200)).rejects.toMatchObject({ dependency: 'redis' });
      expect(performance.now() - startedAt).toBeLessThan(2500);
      await expect(queue.append([search({ id: 'lost' })])).rejects.toMatchObject({ dependency: 'redis' });
    } finally {
      server.resume();
    }
    await expect.poll(() => queue.take(10, 50).catch(() => []), { timeout: 10_000 }).not.toEqual([]);
  });
});
