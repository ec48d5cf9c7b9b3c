import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLimitPolicy } from '../../../src/domain/access/limit-policy.ts';
import type { Consumption, RateLimitDecision, RateRule } from '../../../src/domain/access/rate-limiter.ts';
import type { AppEnv } from '../../../src/http/app-env.ts';
import { limitRequests } from '../../../src/http/middleware/limit-requests.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { createTestApp } from '../../fixtures/create-test-app.ts';

let consumed: Consumption[];
let refunded: RateRule[];
let released: string[];
let change: Partial<RateLimitDecision>;
let endAnswer: () => void;

const decide = (rates: readonly RateRule[]): RateLimitDecision => ({
  allowed: true,
  rates: rates.map((rule) => ({ rule, remaining: 9, resetMs: 1500, isExceeded: false })),
  fullPlaces: [],
  countedAtMs: 1,
  degraded: false,
  ...change,
});

const routes = new Hono<AppEnv>();
routes.use(
  limitRequests({
    limiter: {
      async consume(consumption) {
        consumed.push(consumption);
        return decide(consumption.rates);
      },
      async refund(decision, instead) {
        refunded.push(instead);
        return decision;
      },
      async release(requestId) {
        released.push(requestId);
      },
    },
    policy: createLimitPolicy({
      requests: 10,
      windowSeconds: 60,
      chatsPerAddress: 5,
      chatsPerUser: 2,
      chatsPerReplica: 10,
      countReplicas: () => 1,
    }),
    nameUser: (userId) => `hash of ${userId}`,
    metrics: createMetrics({ version: 'test' }),
    passEmergency: async (c) => (await c.req.json()).message === 'es brennt',
  }),
);
routes.post('/api/chat', async (c) => {
  const { message } = await c.req.json();
  if (message === 42) return c.json({}, 400);
  c.get('keepPlaces')?.(
    new Promise<void>((resolve) => {
      endAnswer = resolve;
    }),
  );
  return c.json({});
});
routes.post('/v1/chat/completions', (c) => c.json({}));
routes.post('/api/feedback', (c) => c.json({}));
routes.get('/api/chat', (c) => c.json({}));
const server = createAdaptorServer({ fetch: createTestApp(routes).fetch });

beforeEach(async () => {
  [consumed, refunded, released, change] = [[], [], [], {}];
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => void server.close());

const post = (path: string, body: object = {}, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

test('reads and unknown addresses cost no look into a store', async () => {
  await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api/chat`);
  await post('/api/nothing');
  expect(consumed).toEqual([]);
});

test('a request that is refused for what it says is counted with its like', async () => {
  expect((await post('/api/chat', { message: 42 })).status).toBe(400);
  expect(refunded).toMatchObject([{ scope: 'refused', key: '192.0.2.1', cost: 1 }]);
  await post('/api/feedback');
  expect(refunded).toHaveLength(1);
});

test.each([
  ['/api/chat', {}, { 'X-User-ID': 'ada' }, ['address', 'user']],
  ['/api/chat', {}, { 'X-User-ID': 'anonymous' }, ['address']],
  ['/api/chat', {}, {}, ['address']],
  ['/v1/chat/completions', { user: 'ada' }, {}, ['address', 'user']],
  ['/api/feedback', {}, { 'X-User-ID': 'ada' }, []],
])('%s with %o and %o takes places of %o', async (path, body, headers, scopes) => {
  await post(path, body, headers);
  expect(consumed[0]?.places.map(({ scope }) => scope)).toEqual(scopes);
});

test('over a limit, somebody in danger is answered all the same', async () => {
  change = { allowed: false };
  expect((await post('/api/chat', { message: 'es brennt' })).status).toBe(200);
  expect((await post('/api/chat', { message: 'wo ist die Mensa?' })).status).toBe(429);
});

test('a place is kept until the answer is written, though it was sent', async () => {
  await post('/api/chat', { message: 'Hello' });
  await post('/v1/chat/completions');
  await expect.poll(() => released).toHaveLength(1);
  endAnswer();
  await expect.poll(() => released).toHaveLength(2);
});

test('who is refused for a missing place is told when to come back', async () => {
  change = { allowed: false, fullPlaces: [{ scope: 'user', key: 'hash of ada', limit: 2 }] };
  const reply = await post('/api/chat', { message: 42 });
  expect(reply.status).toBe(429);
  expect(reply.headers.get('Retry-After')).toBe('3');
  expect(await reply.json()).toMatchObject({
    code: 'RATE_LIMIT_EXCEEDED',
    error: expect.stringContaining('being answered already'),
    details: { concurrent_limit: 2 },
  });
  expect([refunded, released]).toEqual([[], []]);
});
