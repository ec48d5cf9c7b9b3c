import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type GeminiServer, startGeminiServer } from '../gemini-server/gemini-server.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { canteenQuestion } from './canteen-question.ts';
import { startTestStack, type TestStack } from './stack.ts';

/** What an outage may add to a reply before the breaker knows of it. */
const allowedDelayMs = 500;

let gemini: GeminiServer;
let stack: TestStack;
let nginx: ApiClient;

beforeAll(async () => {
  gemini = await startGeminiServer({ script: { latencyMs: 100 } });
  stack = await startTestStack({
    geminiUrl: gemini.url,
    env: { ENABLE_RATE_LIMITING: 'true', RATE_LIMIT_REQUESTS: '100000' },
  });
  nginx = createApiClient(stack.nginx.url);
});

afterEach(async () => {
  gemini.setScript({ latencyMs: 100 });
  stack.redis.resume();
  await stack.redis.start();
  await expect.poll(degradations).toEqual([]);
});

afterAll(async () => {
  await stack?.stop();
  await gemini?.close();
});

test('a Redis that is full is named by the health and the answers, until it has room again', async () => {
  const redis = new Redis(stack.redis.url);
  const health = async () => {
    const { body } = await nginx.send('GET', '/api/health');
    const { status, services } = body as { status: string; services: { redis: { state: string } } };
    return `${status}, redis ${services.redis.state}`;
  };
  await expect.poll(health, { timeout: 10_000 }).toBe('healthy, redis up');
  await redis.config('SET', 'maxmemory', '1');
  try {
    await expect.poll(health, { timeout: 10_000 }).toBe('degraded, redis down');
    const answer = await nginx.ask(canteenQuestion(asked++));
    expect(answer.degraded).toContain('redis');
  } finally {
    await redis.config('SET', 'maxmemory', '0');
    redis.disconnect();
  }
  await expect.poll(health, { timeout: 10_000 }).toBe('healthy, redis up');
});

let asked = 0;

/** Two people who ask one question after the other for that long, each in a session of their own. */
async function askFor(durationMs: number) {
  const endsAtMs = performance.now() + durationMs;
  const askOn = async (userId: string) => {
    const answers = [];
    while (performance.now() < endsAtMs) {
      answers.push(await nginx.ask(canteenQuestion(asked++), { caller: { userId, sessionId: 'outage' } }));
      await sleep(50);
    }
    return answers;
  };
  return (await Promise.all(['ada', 'bob'].map(askOn))).flat();
}

const slowest = (answers: readonly { durationMs: number }[]) =>
  Math.max(...answers.map(({ durationMs }) => durationMs));

/** Lines of each replica's log about Redis going or coming back. */
function stateChanges(): string[][] {
  return stack.replicas().map(({ logFile }) =>
    readFileSync(logFile, 'utf8')
      .split('\n')
      .flatMap((line) => /"msg":"(redis (?:is out|answers again))"/.exec(line)?.[1] ?? []),
  );
}

/** What the replicas have to do without at the moment. */
async function degradations(): Promise<string[]> {
  const answers = stack.replicas().map(({ url }) => createApiClient(url).ask('Hello'));
  return (await Promise.all(answers)).flatMap(({ degraded }) => degraded);
}

const healthOf = async () => {
  const replies = await Promise.all(
    stack.replicas().map(({ url }) => createApiClient(url).send('GET', '/api/health')),
  );
  return replies.map(({ status, body }) => `${status} ${(body as { status: string }).status}`);
};

describe.each([
  ['stopped', () => stack.redis.kill(), () => stack.redis.start()],
  ['frozen', async () => stack.redis.pause(), async () => stack.redis.resume()],
] as const)('with Redis %s', (_, breakRedis, mendRedis) => {
  test('chats go on without history, hardly slower, and all is well again by itself', async () => {
    const earlierChanges = stateChanges();
    const before = await askFor(1500);
    expect(before.every(({ degraded }) => degraded.length === 0)).toBe(true);

    await breakRedis();
    const during = await askFor(4000);
    const health = await healthOf();
    await mendRedis();
    await expect.poll(degradations).toEqual([]);
    const after = await askFor(1500);

    expect(during.length).toBeGreaterThan(10);
    expect(new Set(during.flatMap(({ degraded }) => degraded))).toEqual(new Set(['redis']));
    expect(during.every(({ response }) => response !== '')).toBe(true);
    expect(health).toEqual(Array(3).fill('200 degraded'));
    expect(slowest(during)).toBeLessThan(slowest(before) + allowedDelayMs);
    expect(after.every(({ degraded }) => degraded.length === 0)).toBe(true);

    await expect.poll(healthOf).toEqual(Array(3).fill('200 healthy'));

    const changes = stateChanges().map((lines, index) => lines.slice(earlierChanges[index]?.length));
    expect(changes).toEqual(Array(3).fill(['redis is out', 'redis answers again']));
    expect(stack.replicas().every(({ pid }) => pid() !== undefined)).toBe(true);
  });

  test('an answer under way is finished, whether Redis goes meanwhile or comes back', async () => {
    gemini.setScript({ latencyMs: 1500, chunkDelayMs: 200 });
    const asking = () => nginx.ask(canteenQuestion(asked++));
    const begun = asking();
    await expect.poll(() => gemini.openCalls()).toBeGreaterThan(0);
    await breakRedis();
    const [left, met] = await Promise.all([begun, sleep(500).then(asking)]);
    expect([left.degraded, met.degraded]).toEqual([['redis'], ['redis']]);

    const mended = asking();
    await sleep(300);
    await mendRedis();
    expect((await mended).degraded).toEqual(['redis']);
  });

  test('what needs Redis says that it is not there, and comes back with it', async () => {
    const caller = { userId: 'ada', sessionId: 'outage' };
    const earlier = await nginx.history(caller);
    expect(earlier.length).toBeGreaterThan(0);
    await breakRedis();
    const { status, headers, body } = await nginx.send('GET', '/api/session/outage/history', { caller });
    expect(status).toBe(503);
    expect(body).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(headers.get('retry-after')).toMatch(/^\d+$/);
    const started = await nginx.send('POST', '/api/session/start', { caller: { userId: 'ada' } });
    expect(started.body).toMatchObject({ session_id: expect.any(String), degraded: ['redis'] });
    await mendRedis();
    await expect.poll(degradations).toEqual([]);
    expect((await nginx.history(caller)).length).toBeGreaterThanOrEqual(earlier.length);
  });
});
