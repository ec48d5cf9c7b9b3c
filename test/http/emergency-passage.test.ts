import { Hono } from 'hono';
import { expect, test } from 'vitest';
import type { Consumption } from '../../src/domain/access/rate-limiter.ts';
import { AppError } from '../../src/domain/errors.ts';
import { admitOrPass } from '../../src/http/admission.ts';
import type { AppEnv } from '../../src/http/app-env.ts';
import { createEmergencyPassage } from '../../src/http/emergency-passage.ts';
import { createTestApp } from '../fixtures/create-test-app.ts';

const kind = { id: 'danger', entries: [], categories: [] };

function createApp(allowed: boolean) {
  const consumed: Consumption[] = [];
  const pass = createEmergencyPassage({
    limiter: {
      async consume(consumption) {
        consumed.push(consumption);
        const rates = consumption.rates.map((rule) => ({
          rule,
          remaining: 0,
          resetMs: 1500,
          isExceeded: !allowed,
        }));
        return { allowed, rates, fullPlaces: [], countedAtMs: 1, degraded: false };
      },
    },
    detectEmergency: (message) => (message.includes('brennt') ? { kind, category: 'fire' } : undefined),
    numbers: 'Call 112.',
  });
  const routes = new Hono<AppEnv>();
  routes.post('*', async (c) => {
    const release = await admitOrPass(
      () => {
        throw new AppError('SERVICE_UNAVAILABLE', 'Busy.');
      },
      () => pass(c),
    );
    release();
    return c.json({});
  });
  const app = createTestApp(routes);
  const post = (path: string, body: unknown) =>
    app.request(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return { post, consumed };
}

test.each([
  ['/api/chat', { message: 'es brennt' }],
  ['/v1/chat/completions', { messages: [{ role: 'user', content: 'es brennt' }] }],
  ['/v1/chat/completions', { messages: [{ role: 'user', content: [{ type: 'text', text: 'es brennt' }] }] }],
])('overload does not keep somebody in danger out: %s %o', async (path, body) => {
  const { post, consumed } = createApp(true);
  expect((await post(path, body)).status).toBe(200);
  expect(consumed[0]?.rates).toMatchObject([{ scope: 'emergency', limit: 10, windowSeconds: 60 }]);
});

test.each([{ message: 'Wo ist die Mensa?' }, { message: 42 }, { messages: 'x' }, [], '{'])(
  'everybody else is refused as ever, and uses up nothing: %o',
  async (body) => {
    const { post, consumed } = createApp(true);
    expect((await post('/api/chat', body)).status).toBe(503);
    expect(consumed).toEqual([]);
  },
);

test('beyond ten a minute the refusal names the numbers', async () => {
  const { post } = createApp(false);
  const refused = await post('/api/chat', { message: 'es brennt' });
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('2');
  expect(await refused.json()).toMatchObject({ error: expect.stringMatching(/^Call 112\./) });
});
