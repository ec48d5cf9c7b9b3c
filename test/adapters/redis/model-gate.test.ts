import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startRedis } from '../../../infra/local/redis.ts';
import type { Service } from '../../../infra/local/service.ts';
import { createRedisModelGate, type RedisModelGate } from '../../../src/adapters/redis/model-gate.ts';
import { createRedisConnection, type RedisConnection } from '../../../src/adapters/redis/redis-connection.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'model-gate-'));
let server: Service;
beforeAll(async () => {
  server = await startRedis({ dataDir });
});
afterAll(async () => {
  await server.stop();
  rmSync(dataDir, { recursive: true });
});

const opened: { gate: RedisModelGate; redis: RedisConnection }[] = [];

/** A gate as one replica has it, with a clock of its own. */
async function openReplica({ requestsPerMinute = 0, replicaCount = 1, now = () => performance.now() } = {}) {
  const redis = createRedisConnection({ url: server.url });
  await redis.settle(2_000);
  const gate = createRedisModelGate({ redis, requestsPerMinute, replicaCount: () => replicaCount, now });
  opened.push({ gate, redis });
  return { gate, redis };
}

beforeEach(async () => {
  const { redis } = await openReplica();
  await redis.run((client) => client.flushall());
});
afterEach(() => {
  for (const { gate, redis } of opened.splice(0)) {
    gate.disconnect();
    redis.close();
  }
});

describe('a closed scope', () => {
  it('is closed at once here and soon on the other replicas, each by its own clock', async () => {
    const { gate: here } = await openReplica();
    const { gate: there } = await openReplica({ now: () => performance.now() + 3_600_000 });
    await vi.waitFor(() => {
      here.close('model:key', 60_000);
      expect(there.closedForMs('model:key')).toBeGreaterThan(59_000);
    });
    expect(here.closedForMs('model:key')).toBeGreaterThan(59_000);
    expect(here.closedForMs('model:other')).toBeUndefined();
  });

  it('is known to a replica that starts later', async () => {
    const { gate, redis } = await openReplica();
    gate.close('model:key', 60_000);
    await vi.waitFor(async () => expect(await redis.run((client) => client.exists('gemini:closed'))).toBe(1));
    const { gate: later } = await openReplica();
    await vi.waitFor(() => expect(later.closedForMs('model:key')).toBeGreaterThan(50_000));
  });

  it('opens when its time is over', async () => {
    let nowMs = 0;
    const { gate } = await openReplica({ now: () => nowMs });
    gate.close('model:key', 17_000);
    nowMs = 16_999;
    expect(gate.closedForMs('model:key')).toBe(1);
    nowMs = 17_000;
    expect(gate.closedForMs('model:key')).toBeUndefined();
  });

  it('is never opened earlier by a shorter closing', async () => {
    const { gate } = await openReplica({ now: () => 0 });
    gate.close('model:key', 17_000);
    gate.close('model:key', 1_000);
    expect(gate.closedForMs('model:key')).toBe(17_000);
  });

  it('leaves Redis when the last closing is over', async () => {
    const { gate, redis } = await openReplica();
    gate.close('model:key', 30_000);
    await vi.waitFor(async () => {
      const ttlMs = await redis.run((client) => client.pttl('gemini:closed'));
      expect(ttlMs).toBeGreaterThan(29_000);
      expect(ttlMs).toBeLessThanOrEqual(30_000);
    });
  });
});

describe('the budget', () => {
  it('is shared exactly by all replicas', async () => {
    const replicas = await Promise.all([1, 2, 3].map(() => openReplica({ requestsPerMinute: 50 })));
    const results = await Promise.all(
      Array.from({ length: 120 }, (_value, index) => replicas[index % 3]?.gate.tryAcquire()),
    );
    expect(results.filter(Boolean)).toHaveLength(50);
    const [replica] = replicas;
    expect(await replica?.redis.run((client) => client.pttl('gemini:budget'))).toBeGreaterThan(50_000);
  });

  it('costs no round trip when there is none', async () => {
    const { gate, redis } = await openReplica();
    expect(await gate.tryAcquire()).toBe(true);
    expect(await redis.run((client) => client.exists('gemini:budget'))).toBe(0);
  });
});

describe('while Redis is out', () => {
  afterEach(() => server.resume());

  it('each replica keeps to its share of the budget and knows its own closings', async () => {
    let nowMs = 0;
    const options = { requestsPerMinute: 30, replicaCount: 3, now: () => nowMs };
    const { gate } = await openReplica(options);
    server.pause();
    const startedAt = performance.now();
    gate.close('model:key', 5_000);
    expect(gate.closedForMs('model:key')).toBe(5_000);
    let acquired = 0;
    for (let asked = 0; asked < 40; asked += 1) acquired += Number(await gate.tryAcquire());
    expect(acquired).toBe(10);
    // A frozen server costs its time limit once, not forty times.
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    nowMs = 60_000;
    expect(await gate.tryAcquire()).toBe(true);
  });
});
