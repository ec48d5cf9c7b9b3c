import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startRedis } from '../../../infra/local/redis.ts';
import type { Service } from '../../../infra/local/service.ts';
import { createRedisConnection, type RedisConnection } from '../../../src/adapters/redis/redis-connection.ts';
import { createRedisTokenBudget } from '../../../src/adapters/redis/token-budget.ts';
import { DependencyError } from '../../../src/domain/errors.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'token-budget-'));
let server: Service;
let redis: RedisConnection;
let isOut = false;
let now = Date.parse('2026-11-25T12:00:00Z');

beforeAll(async () => {
  server = await startRedis({ dataDir });
  redis = createRedisConnection({ url: server.url });
  await redis.settle(2_000);
});
beforeEach(async () => {
  isOut = false;
  now = Date.parse('2026-11-25T12:00:00Z');
  await redis.run((client) => client.flushall());
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  redis.close();
  await server.stop();
  rmSync(dataDir, { recursive: true });
});

/** As one of `replicas` has it. */
function open(tokensPerDay: number | undefined, replicas = 3) {
  const run: RedisConnection['run'] = async (work) => {
    if (isOut) throw new DependencyError('redis', 'unavailable', 'redis is out');
    return redis.run(work);
  };
  return createRedisTokenBudget({
    redis: { run },
    tokensPerDay,
    replicaCount: () => replicas,
    now: () => now,
  });
}

const used = async (day = '2026-11-25') =>
  Number((await redis.run((client) => client.get(`model:tokens:${day}`))) ?? 0);

describe('the token budget', () => {
  it('is never exceeded, however many reserve at once on all replicas', async () => {
    const replicas = [open(50_000), open(50_000), open(50_000)];
    let spent = 0;
    let most = 0;
    const refused: boolean[] = [];
    await Promise.all(
      Array.from({ length: 2_000 }, async (_value, index) => {
        const reservation = await replicas[index % 3]?.reserve(100);
        refused.push(reservation === undefined);
        if (!reservation) return;
        most = Math.max(most, await used());
        spent += 10 + (index % 90);
        reservation.settle(10 + (index % 90));
      }),
    );
    await vi.waitFor(async () => expect(await used()).toBe(spent));
    expect(spent).toBeLessThanOrEqual(50_000);
    expect(most).toBeLessThanOrEqual(50_000);
    expect(refused).toContain(true);
  });

  it('gives back what was set aside and not spent', async () => {
    const budget = open(1_000);
    const first = await budget.reserve(900);
    expect(await budget.reserve(200)).toBeUndefined();
    first?.settle(100);
    await vi.waitFor(async () => expect(await used()).toBe(100));
    expect(await budget.reserve(900)).toBeDefined();
  });

  it('begins anew at midnight in Berlin, and settles on the day it was reserved', async () => {
    const budget = open(1_000);
    now = Date.parse('2026-11-25T22:59:59Z');
    const late = await budget.reserve(1_000);
    now = Date.parse('2026-11-25T23:00:00Z');
    expect(await budget.reserve(1_000)).toBeDefined();
    late?.settle(400);
    await vi.waitFor(async () => expect(await used()).toBe(400));
    expect(await used('2026-11-26')).toBe(1_000);
    const ttl = await redis.run((client) => client.ttl('model:tokens:2026-11-25'));
    expect(ttl).toBeGreaterThan(172_700);
    expect(ttl).toBeLessThanOrEqual(172_800);
  });

  it('while Redis is out is this replica\u2019s share of what was left, told when Redis is back', async () => {
    const budget = open(1_000);
    await budget.reserve(400);
    isOut = true;
    const kept = await budget.reserve(150);
    expect(kept).toBeDefined();
    expect(await budget.reserve(51)).toBeUndefined();
    kept?.settle(100);
    await vi.waitFor(async () => expect(await budget.reserve(100)).toBeDefined());
    expect(await budget.reserve(1)).toBeUndefined();
    isOut = false;
    expect(await budget.reserve(300)).toBeDefined();
    expect(await used()).toBe(400 + 200 + 300);
  });

  it('that is not configured costs no command', async () => {
    const run = vi.spyOn(redis, 'run');
    expect(await open(undefined).reserve(1_000_000_000)).toBeDefined();
    expect(run).not.toHaveBeenCalled();
  });
});
