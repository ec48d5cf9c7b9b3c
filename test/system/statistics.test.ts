import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Replica } from '../../infra/local/replica.ts';
import { startTestStack, type TestStack } from './stack.ts';

let stack: TestStack;
let sql: Sql;

beforeAll(async () => {
  stack = await startTestStack({ replicas: 3, env: { LOG_LEVEL: 'info' } });
  sql = postgres(stack.postgres.url, { max: 1, onnotice: () => {} });
});
afterAll(async () => {
  await sql?.end({ timeout: 1 });
  await stack?.stop();
});

const call = async (path: string, init?: RequestInit) => {
  const response = await fetch(`${stack.nginx.url}${path}`, init);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

const ask = (user: string, message: string) =>
  call('/api/chat', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-User-ID': user },
    body: JSON.stringify({ message }),
  });

/** Asks `count` questions, a few at a time, and returns how long the slowest took and which statuses came. */
const askMany = async (count: number, onAsked: (n: number) => Promise<void> = async () => {}) => {
  const outcomes: { status: number; tookMs: number }[] = [];
  let next = 0;
  const askOn = async () => {
    while (next < count) {
      const n = next++;
      const startedAt = performance.now();
      const { status } = await ask(`user-${n % 20}`, `How do I extend a loan, copy marker-${n}?`);
      outcomes.push({ status, tookMs: performance.now() - startedAt });
      await onAsked(n);
    }
  };
  await Promise.all(Array.from({ length: 8 }, askOn));
  return {
    statuses: [...new Set(outcomes.map(({ status }) => status))],
    slowestMs: Math.max(...outcomes.map(({ tookMs }) => tookMs)),
  };
};

const statistics = async () => (await call('/api/statistics')).body.statistics as Record<string, unknown>;
const countRows = async () => {
  const [row] = await sql`
    SELECT count(*)::int AS total, count(DISTINCT id)::int AS different,
      count(DISTINCT user_id)::int AS users FROM chat_interactions`;
  return row;
};

const residentBytes = async ({ metricsUrl }: Replica): Promise<number> => {
  const text = await (await fetch(metricsUrl)).text();
  return Number(/^tum_chatbot_process_resident_memory_bytes (\S+)/m.exec(text)?.[1]);
};

const arrive = { timeout: 60_000, interval: 250 };

describe('statistics', () => {
  it('arrive each once when Postgres was away and a replica died meanwhile', async () => {
    await stack.postgres.stop();
    const { statuses } = await askMany(200, async (n) => {
      if (n === 100) await stack.replicas()[0]?.kill();
    });
    expect(statuses).toEqual([200]);
    await stack.postgres.start();
    await expect
      .poll(() => countRows().catch(() => undefined), arrive)
      .toEqual({
        total: 200,
        different: 200,
        users: 20,
      });
    expect(await statistics()).toMatchObject({ total_interactions: 200, unique_users: 20 });
  });

  it('keep a rating with its answer, and count the newest', async () => {
    const asked = await ask('rater', 'Where is the Mensa?');
    const rate = (user: string, rating: string) =>
      call('/api/feedback', {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'X-User-ID': user,
          'X-Session-ID': String(asked.body.session_id),
        },
        body: JSON.stringify({ request_id: asked.body.request_id, rating }),
      });
    expect((await rate('somebody', 'down')).status).toBe(404);
    expect((await rate('rater', 'down')).status).toBe(200);
    expect((await rate('rater', 'up')).status).toBe(200);
    await expect.poll(async () => (await statistics()).feedback, arrive).toEqual({ up: 1, down: 0 });
  });

  it('never delay answers nor fill the memory while Postgres is frozen', async () => {
    const before = await countRows();
    const replicas = stack.replicas().filter((replica) => replica.pid() !== undefined);
    const memoryBefore = await Promise.all(replicas.map(residentBytes));
    stack.postgres.pause();
    try {
      const { statuses, slowestMs } = await askMany(150);
      expect(statuses).toEqual([200]);
      expect(slowestMs).toBeLessThan(5000);
      const memoryAfter = await Promise.all(replicas.map(residentBytes));
      for (const [n, bytes] of memoryAfter.entries()) {
        expect(bytes - (memoryBefore[n] ?? 0)).toBeLessThan(50 * 1024 * 1024);
      }
    } finally {
      stack.postgres.resume();
    }
    await expect
      .poll(() => countRows().catch(() => undefined), arrive)
      .toMatchObject({ total: before?.total + 150, different: before?.different + 150 });
  });

  it('leave no question, session or user in the logs', async () => {
    const { body } = await ask('named-person', 'A question with marker-secret in it');
    const folder = join(stack.dataDir, 'logs');
    const text = readdirSync(folder)
      .filter((name) => name.startsWith('api') || name.startsWith('replica') || name.startsWith('nginx'))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('');
    expect(text.length).toBeGreaterThan(1000);
    expect(text).not.toMatch(/marker-|named-person|salt-of-the-tests|operator-of-the-tests/);
    expect(text).not.toContain(String(body.session_id));
  });
});
