import { Hono } from 'hono';
import { expect, test } from 'vitest';
import type { AppEnv } from '../../../src/http/app-env.ts';
import { requireOperatorNetwork } from '../../../src/http/middleware/operator-network.ts';
import { createTestApp } from '../../fixtures/create-test-app.ts';

const networks = ['127.0.0.1', '10.1.0.0/16', '2001:db8:1:2:3::/80'];

test.each([
  ['127.0.0.1', 200],
  ['127.0.0.2', 403],
  ['10.1.255.3', 200],
  ['10.2.0.1', 403],
  ['2001:db8:1:2:3::7', 200],
  ['2001:db8:1:2:4::7', 403],
  ['unknown', 403],
])('%s gets %i', async (address, status) => {
  const routes = new Hono<AppEnv>();
  routes.use(async (c, next) => {
    c.set('exactClientAddress', address);
    await next();
  });
  routes.use(requireOperatorNetwork(networks));
  const reply = await createTestApp(routes.get('/', (c) => c.json({}))).request('/');
  expect(reply.status).toBe(status);
});
