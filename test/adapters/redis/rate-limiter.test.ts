import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRedisRateLimiter } from '../../../src/adapters/redis/rate-limiter.ts';
import { createRedisConnection, type RedisConnection } from '../../../src/adapters/redis/redis-connection.ts';
import type { RateLimiter } from '../../../src/domain/access/rate-limiter.ts';
import { startRedis, type TestServer } from '../../fixtures/start-servers.ts';

const requests = 10;
const windowSeconds = 60;
const address = '203.0.113.9';

let server: TestServer;
let redis: Redis;
let connections: RedisConnection[] = [];

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});

beforeEach(() => redis.flushall());

afterEach(async () => {
  server.resume();
  for (const connection of connections) connection.close();
  connections = [];
});

afterAll(async () => {
  redis.disconnect();
  await server.remove();
});

/** A limiter as one of three replicas has it. */
async function openReplica(): Promise<RateLimiter> {
  const connection = createRedisConnection({ url: server.url });
  await connection.settle(2000);
  connections.push(connection);
  return createRedisRateLimiter({ connection, requests, windowSeconds, countReplicas: () => 3 });
}

const consumeMany = (limiters: readonly RateLimiter[], count: number) =>
  Promise.all(
    Array.from({ length: count }, (_, index) =>
      limiters[index % limiters.length]?.consume(address, `request-${index}`),
    ),
  );

describe('the limit', () => {
  test('holds exactly over all replicas', async () => {
    const decisions = await consumeMany(await Promise.all([1, 2, 3].map(openReplica)), 40);
    expect(decisions.filter((decision) => decision?.allowed)).toHaveLength(requests);
    expect(decisions.every((decision) => decision?.degraded === false)).toBe(true);
    const remaining = decisions.filter((each) => each?.allowed).map((each) => each?.remaining);
    expect(remaining.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const decision of decisions) {
      expect(decision).toMatchObject({ limit: requests, windowSeconds });
      expect(decision?.resetMs).toBeGreaterThan(0);
      expect(decision?.resetMs).toBeLessThanOrEqual(windowSeconds * 1000);
    }
  });

  test('is each address’s own, and is forgotten on request', async () => {
    const limiter = await openReplica();
    await consumeMany([limiter], requests);
    expect(await limiter.consume('203.0.113.10', 'another')).toMatchObject({ allowed: true });
    expect(await limiter.consume(address, 'one-too-many')).toMatchObject({ allowed: false, remaining: 0 });
    await limiter.reset(address);
    expect(await limiter.consume(address, 'after-reset')).toMatchObject({ allowed: true });
  });

  test('is not used up by further tries of the same request', async () => {
    const [here, there] = [await openReplica(), await openReplica()];
    for (let number = 1; number <= requests; number += 1) {
      const requestId = `request-${number}`;
      expect(await here.consume(address, requestId)).toMatchObject({ remaining: requests - number });
      expect(await there.consume(address, requestId)).toMatchObject({
        allowed: true,
        remaining: requests - number,
      });
    }
    expect(await here.consume(address, 'one-too-many')).toMatchObject({ allowed: false });
  });

  test('counts in keys that expire', async () => {
    await consumeMany([await openReplica()], 3);
    for (const key of await redis.keys('*')) expect(await redis.ttl(key)).toBeGreaterThan(0);
  });
});

test('with Redis frozen each replica grants its share, and the shared count goes on afterwards', async () => {
  const limiter = await openReplica();
  server.pause();
  const decisions = await consumeMany([limiter], 20);
  expect(decisions.filter((decision) => decision?.allowed)).toHaveLength(Math.ceil(requests / 3));
  expect(decisions.every((decision) => decision?.degraded)).toBe(true);
  server.resume();
  await expect
    .poll(async () => (await limiter.consume('203.0.113.77', crypto.randomUUID())).degraded)
    .toBe(false);
});
