import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPostgresAuditStore } from '../../src/adapters/postgres/audit-store.ts';
import { createRedisAuditQueue } from '../../src/adapters/redis/audit-queue.ts';
import { createRedisConnection, type RedisConnection } from '../../src/adapters/redis/redis-connection.ts';
import type { AdminAction } from '../../src/domain/access/admin-action.ts';
import { createAuditTrail } from '../../src/domain/access/audit-trail.ts';
import { startRedis, type TestServer } from '../fixtures/start-servers.ts';
import { type StatisticsDatabase, startStatisticsDatabase } from '../fixtures/statistics-database.ts';

let server: TestServer;
let redis: Redis;
let connection: RedisConnection;
let database: StatisticsDatabase;

beforeAll(async () => {
  [server, database] = await Promise.all([startRedis(), startStatisticsDatabase()]);
  redis = new Redis(server.url);
  connection = createRedisConnection({ url: server.url });
  await connection.settle(2000);
});
afterAll(async () => {
  connection.close();
  redis.disconnect();
  await Promise.all([server.remove(), database.stop()]);
});

const action = (id: string, change: Partial<AdminAction> = {}): AdminAction => ({
  id,
  at: new Date(),
  operator: 'f00d',
  action: 'POST /api/admin/knowledge/reindex',
  address: '192.0.2.1',
  ...change,
});

const openTrail = () =>
  createAuditTrail({
    store: createPostgresAuditStore(database.postgres),
    queue: createRedisAuditQueue(connection),
    onDelayed: () => {},
    onLost: () => {},
  });

const rows = () => database.sql`SELECT id, target, status FROM admin_actions ORDER BY id`;

test('an action is one row, which gets its outcome, in whatever order its notes come', async () => {
  const trail = openTrail();
  await trail.record(action('1'));
  expect(await rows()).toEqual([{ id: '1', target: null, status: null }]);
  await trail.record(action('1', { target: 'version 2', status: 200 }));
  await trail.record(action('2', { status: 404 }));
  await trail.record(action('2'));
  expect(await rows()).toEqual([
    { id: '1', target: 'version 2', status: 200 },
    { id: '2', target: null, status: 404 },
  ]);
});

test('with Postgres frozen actions wait in a stream of their own, whichever replica writes them then', async () => {
  await database.sql`DELETE FROM admin_actions`;
  database.server.pause();
  await openTrail().record(action('3', { status: 200 }));
  database.server.resume();
  expect(await redis.xlen('audit:actions')).toBe(1);
  expect(await redis.ttl('audit:actions')).toBeGreaterThan(0);
  expect(await redis.exists('statistics:events')).toBe(0);
  await expect
    .poll(() => Promise.all([openTrail(), openTrail()].map((trail) => trail.catchUp().catch(() => 'out'))), {
      timeout: 20_000,
    })
    .not.toContain('out');
  expect(await rows()).toMatchObject([{ id: '3', status: 200 }]);
  expect(await redis.xlen('audit:actions')).toBe(0);
});

test('rows go after 400 days', async () => {
  const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);
  await database.sql`DELETE FROM admin_actions`;
  await openTrail().record(action('old', { at: daysAgo(401) }));
  await openTrail().record(action('kept', { at: daysAgo(399) }));
  await openTrail().catchUp();
  expect(await rows()).toMatchObject([{ id: 'kept' }]);
});
