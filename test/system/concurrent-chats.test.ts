import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GeminiServer, startGeminiServer } from '../gemini-server/gemini-server.ts';
import { canteenQuestion } from './canteen-question.ts';
import { proxySecret, startTestStack, type TestStack } from './stack.ts';

const perAddress = 6;
const perUser = 2;

let gemini: GeminiServer;
let stack: TestStack;

beforeAll(async () => {
  gemini = await startGeminiServer();
  stack = await startTestStack({
    geminiUrl: gemini.url,
    replicas: 2,
    env: {
      ENABLE_RATE_LIMITING: 'true',
      MAX_CONCURRENT_CHATS_PER_ADDRESS: String(perAddress),
      MAX_CONCURRENT_CHATS_PER_USER: String(perUser),
      REQUEST_TIMEOUT: '60',
    },
  });
  gemini.setScript({ latencyMs: 60_000 });
});

afterAll(async () => {
  await stack?.stop();
  await gemini?.close();
});

let asked = 0;

/** An answer that is not over before it is aborted; of the replicas in turn. */
async function ask(address: string, headers: Record<string, string> = {}) {
  const replicas = stack.replicas();
  const url = replicas[asked % replicas.length]?.url;
  const client = new AbortController();
  const response = await fetch(`${url}/api/chat`, {
    method: 'POST',
    headers: {
      Accept: 'text/event-stream',
      'Content-Type': 'application/json',
      'X-Real-IP': address,
      'X-Proxy-Secret': proxySecret,
      ...headers,
    },
    body: JSON.stringify({ message: canteenQuestion(asked++) }),
    signal: client.signal,
  });
  const body = response.status === 200 ? undefined : ((await response.json()) as Record<string, unknown>);
  return { status: response.status, headers: response.headers, body, leave: () => client.abort() };
}

test('one address never gets more than its part of the places, and the others go on asking', async () => {
  const greedy = await Promise.all(Array.from({ length: 40 }, () => ask('203.0.113.1')));
  expect(greedy.filter(({ status }) => status === 200)).toHaveLength(perAddress);
  const refused = greedy.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(40 - perAddress);
  expect(refused[0]?.body).toMatchObject({
    code: 'RATE_LIMIT_EXCEEDED',
    error: expect.stringContaining('from your network'),
    details: { concurrent_limit: perAddress },
  });
  expect(refused[0]?.headers.get('retry-after')).toMatch(/^\d+$/);

  const other = await ask('203.0.113.2');
  expect(other.status).toBe(200);
  for (const { leave } of [...greedy, other]) leave();
});

test('one user gets as many answers at once as are allowed, from whichever address', async () => {
  const streams = [];
  for (const host of [11, 12, 13, 14]) streams.push(await ask(`203.0.113.${host}`, { 'X-User-ID': 'ada' }));
  expect(streams.map(({ status }) => status)).toEqual([200, 200, 429, 429]);
  expect(streams.at(-1)?.body).toMatchObject({ details: { concurrent_limit: perUser } });
  expect((await ask('203.0.113.15', { 'X-User-ID': 'bob' })).status).toBe(200);
  for (const { leave } of streams) leave();
});

test('who leaves gives no place back while the answer is still written', async () => {
  const first = await Promise.all(Array.from({ length: perAddress }, () => ask('203.0.113.21')));
  for (const { leave } of first) leave();
  expect((await ask('203.0.113.21')).status).toBe(429);
});

test('the places of a replica that was killed are free again', async () => {
  // One after the other, so that each replica has its half.
  for (let place = 0; place < perAddress; place += 1) expect((await ask('203.0.113.31')).status).toBe(200);
  expect((await ask('203.0.113.31')).status).toBe(429);
  await stack.replicas()[0]?.kill();
  const statusOfNext = () =>
    ask('203.0.113.31').then(
      ({ status }) => status,
      () => 0,
    );
  await expect.poll(statusOfNext, { timeout: 15_000, interval: 500 }).toBe(200);
});
