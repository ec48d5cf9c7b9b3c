import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type GeminiServer, startGeminiServer } from '../gemini-server/gemini-server.ts';
import { createApiClient } from './api-client.ts';
import { proxySecret, startTestStack, type TestStack } from './stack.ts';

const limit = 100;
const windowSeconds = 3600;

let gemini: GeminiServer;
let stack: TestStack;

beforeAll(async () => {
  gemini = await startGeminiServer();
  stack = await startTestStack({
    geminiUrl: gemini.url,
    env: {
      ENABLE_RATE_LIMITING: 'true',
      RATE_LIMIT_REQUESTS: String(limit),
      RATE_LIMIT_WINDOW: String(windowSeconds),
    },
  });
});

afterAll(async () => {
  await stack?.stop();
  await gemini?.close();
});

const repliesSchema = z.array(z.object({ status: z.number(), headers: z.record(z.string(), z.string()) }));

async function flood(clientNumber: number) {
  const script = fileURLToPath(new URL('flood-client.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', script, stack.nginx.url, '500', String(clientNumber)],
    { maxBuffer: 16 * 1024 * 1024 },
  );
  return repliesSchema.parse(JSON.parse(stdout));
}

test('of 2,000 requests at once through three replicas exactly as many are answered as the limit says', async () => {
  const replies = (await Promise.all([1, 2, 3, 4].map(flood))).flat();
  const answered = replies.filter(({ status }) => status === 200);
  const refused = replies.filter(({ status }) => status === 429);
  expect([answered.length, refused.length, replies.length]).toEqual([limit, 2000 - limit, 2000]);
  expect(new Set(replies.map(({ headers }) => headers['x-replica'])).size).toBe(3);

  for (const { status, headers } of replies) {
    expect(headers['x-ratelimit-limit']).toBe(String(limit));
    expect(headers['ratelimit-policy']).toBe(`"default";q=${limit};w=${windowSeconds}`);
    const [, remaining, resetSeconds] = /^"default";r=(\d+);t=(\d+)$/.exec(headers.ratelimit ?? '') ?? [];
    expect(headers['x-ratelimit-remaining']).toBe(remaining);
    expect(Number(resetSeconds)).toBeLessThanOrEqual(windowSeconds);
    const resetsInSeconds = Number(headers['x-ratelimit-reset']) - Date.now() / 1000;
    expect(Math.abs(resetsInSeconds - Number(resetSeconds))).toBeLessThan(60);
    if (status === 200) expect(headers).not.toHaveProperty('retry-after');
    else expect(headers['retry-after']).toBe(resetSeconds);
  }
  // Each answered request was told another number of requests that are left.
  const leftOver = answered.map(({ headers }) => Number(headers['x-ratelimit-remaining']));
  expect(leftOver.sort((a, b) => a - b)).toEqual(Array.from({ length: limit }, (_, index) => index));
});

test('whoever is over the limit is told so, and still sees the service’s health', async () => {
  const client = createApiClient(stack.nginx.url);
  const { status, body } = await client.send('POST', '/api/chat', { json: { message: 'Hello' } });
  expect(status).toBe(429);
  expect(body).toMatchObject({
    error: expect.stringMatching(/\w+\.$/),
    code: 'RATE_LIMIT_EXCEEDED',
    status_code: 429,
    details: { limit, window_seconds: windowSeconds },
  });
  expect((await client.send('GET', '/api/health')).status).toBe(200);
});

/** Asks one replica after the other, as nginx would. */
let turn = 0;
const send = (path: string, address: string, json?: object) => {
  const replicas = stack.replicas();
  const client = createApiClient(replicas[turn++ % replicas.length]?.url ?? '');
  return client.send('POST', path, {
    headers: { 'X-Real-IP': address, 'X-Proxy-Secret': proxySecret },
    ...(json && { json }),
  });
};

test('a limit is looked at before what a request says', async () => {
  const client = createApiClient(stack.nginx.url);
  expect((await client.send('POST', '/api/chat', { json: { message: 42 } })).status).toBe(429);
});

test('requests that are refused for what they say have an allowance of their own', async () => {
  const ask = (message: unknown) => send('/api/chat', '203.0.113.9', { message });
  for (let mistake = 1; mistake < limit; mistake += 1) expect((await ask(42)).status).toBe(400);
  expect((await ask('Hello')).headers.get('x-ratelimit-remaining')).toBe(String(limit - 1));
  expect((await ask(42)).status).toBe(400);
  const refused = await ask(42);
  expect(refused).toMatchObject({ status: 429, body: { code: 'RATE_LIMIT_EXCEEDED' } });
  expect(refused.headers.get('ratelimit-policy')).toBe(`"refused";q=${limit};w=${windowSeconds}`);
});

test('a /56 of IPv6 gets four times what one of its networks gets', async () => {
  const statuses: number[] = [];
  for (const network of ['10', '11', '12', '13', '14']) {
    const address = `2001:db8:1:${network}::7`;
    const replies = await Promise.all(
      Array.from({ length: limit }, () => send('/api/session/start', address)),
    );
    statuses.push(...replies.map(({ status }) => status));
  }
  expect(statuses.filter((status) => status === 200)).toHaveLength(4 * limit);
  expect(statuses.filter((status) => status === 429)).toHaveLength(limit);
  expect((await send('/api/session/start', '2001:db8:1:110::7')).status).toBe(200);
});
