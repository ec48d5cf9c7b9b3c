import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createRedisEmbeddingCache } from '../../../src/adapters/redis/embedding-cache.ts';
import { createRedisConnection, type RedisConnection } from '../../../src/adapters/redis/redis-connection.ts';
import type { EmbeddingCache } from '../../../src/domain/retrieval/embedding-cache.ts';
import { startRedis, type TestServer } from '../../fixtures/start-servers.ts';

let server: TestServer;
let redis: Redis;
let connection: RedisConnection;
let cache: EmbeddingCache;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
  connection = createRedisConnection({ url: server.url });
  await connection.settle(2000);
  cache = createRedisEmbeddingCache(connection);
});

afterEach(async () => {
  await redis.flushall();
});

afterAll(async () => {
  connection.close();
  redis.disconnect();
  await server.remove();
});

test('an embedding comes back as the 32-bit floats that it was made of, for a day', async () => {
  const embedding = [0.1, -0.25, 1e-7, 0.7].map(Math.fround);
  await cache.save('model\nHello', embedding);
  expect(await cache.find('model\nHello')).toEqual(embedding);
  expect(await cache.find('model\nGoodbye')).toBeUndefined();
  const [key = ''] = await redis.keys('embedding:*');
  expect(await redis.ttl(key)).toBeGreaterThan(86_000);
});

test('none is kept where sessions need the room', async () => {
  await redis.set('session', 'x'.repeat(8 * 1024 * 1024), 'EX', 60);
  const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
  await redis.config('SET', 'maxmemory', Math.round(used * 1.5));
  await cache.save('late', [1]);
  expect(await cache.find('late')).toBeUndefined();
  await redis.config('SET', 'maxmemory', used * 3);
  await cache.save('early', [1]);
  expect(await cache.find('early')).toEqual([1]);
});
