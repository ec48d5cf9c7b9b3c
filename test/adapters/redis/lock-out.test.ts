import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createRedisLockOut } from '../../../src/adapters/redis/lock-out.ts';
import { createRedisConnection, type RedisConnection } from '../../../src/adapters/redis/redis-connection.ts';
import type { LockOut } from '../../../src/domain/access/lock-out.ts';
import { startRedis, type TestServer } from '../../fixtures/start-servers.ts';

const address = '203.0.113.9';

let server: TestServer;
let redis: Redis;
let connections: RedisConnection[] = [];

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});
beforeEach(() => redis.flushall());
afterEach(() => {
  server.resume();
  for (const connection of connections) connection.close();
  connections = [];
});
afterAll(async () => {
  redis.disconnect();
  await server.remove();
});

async function openReplica(): Promise<LockOut> {
  const connection = createRedisConnection({ url: server.url });
  await connection.settle(2000);
  connections.push(connection);
  return createRedisLockOut(connection);
}

/** Lets the lock's time pass. */
const endLock = () => redis.hset(`lockout:${address}`, 'lockedUntil', 1);

test('of any number of wrong tries at once on all replicas one is judged, and each lock is longer', async () => {
  const replicas = await Promise.all([1, 2, 3].map(openReplica));
  for (const lockedMs of [1000, 2000, 4000]) {
    const verdicts = await Promise.all(
      Array.from({ length: 30 }, (_, index) => replicas[index % 3]?.judge(address, false)),
    );
    const refused = verdicts.filter((verdict) => verdict?.outcome === 'refused');
    expect(refused).toMatchObject([{ lockedMs }]);
    expect(verdicts.filter((verdict) => verdict?.outcome === 'locked')).toHaveLength(29);
    await endLock();
  }
  for (let failure = 4; failure < 40; failure += 1) {
    await replicas[0]?.judge(address, false);
    await endLock();
  }
  expect(await replicas[0]?.judge(address, false)).toMatchObject({ lockedMs: 900_000 });
  expect(await redis.pttl(`lockout:${address}`)).toBeGreaterThan(900_000);
});

test('a locked address waits with right ones too, others do not, and a lock can be lifted', async () => {
  const [here, there] = [await openReplica(), await openReplica()];
  await here.judge(address, false);
  expect(await there.judge(address, true)).toMatchObject({ outcome: 'locked', lockedMs: expect.any(Number) });
  expect(await there.judge('203.0.113.10', true)).toEqual({ outcome: 'admitted' });
  expect(await there.lift(address)).toBe(true);
  expect(await there.lift(address)).toBe(false);
  expect(await here.judge(address, true)).toEqual({ outcome: 'admitted' });
});

test('with Redis frozen a replica remembers for itself', async () => {
  const lockOut = await openReplica();
  server.pause();
  expect(await lockOut.judge(address, false)).toMatchObject({ outcome: 'refused', failures: 1 });
  expect(await lockOut.judge(address, true)).toMatchObject({ outcome: 'locked' });
});
