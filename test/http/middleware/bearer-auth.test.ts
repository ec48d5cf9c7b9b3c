import { Hono } from 'hono';
import { expect, test } from 'vitest';
import type { RateLimiter } from '../../../src/domain/access/rate-limiter.ts';
import type { AppEnv } from '../../../src/http/app-env.ts';
import { guardWith } from '../../fixtures/admin-guard.ts';
import { createTestApp } from '../../fixtures/create-test-app.ts';

const full: RateLimiter['consume'] = async ({ rates }) => ({
  allowed: false,
  rates: rates.map((rule) => ({ rule, remaining: 0, resetMs: 4200, isExceeded: true })),
  fullPlaces: [],
  countedAtMs: undefined,
  degraded: false,
});

test('operators have a limit of their own', async () => {
  const routes = new Hono<AppEnv>();
  routes.get('/guarded', guardWith(['token'], { limiter: { consume: full } }), (c) => c.text('in'));
  const reply = await createTestApp(routes).request('/guarded', {
    headers: { Authorization: 'Bearer token' },
  });
  expect(reply.status).toBe(429);
  expect(reply.headers.get('Retry-After')).toBe('5');
});

test('who sends no token guesses nothing, and is locked out of nothing', async () => {
  const routes = new Hono<AppEnv>();
  routes.get('/guarded', guardWith(['token']), (c) => c.text('in'));
  const app = createTestApp(routes);
  const get = (headers: Record<string, string> = {}) => app.request('/guarded', { headers });
  expect([(await get()).status, (await get()).status]).toEqual([401, 401]);
  expect((await get({ Authorization: 'Bearer token' })).status).toBe(200);
});
