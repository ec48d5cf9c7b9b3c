import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import type { AppEnv } from '../../../src/http/app-env.ts';
import { refuseForeignOrigins } from '../../../src/http/middleware/same-origin.ts';
import { createTestApp } from '../../fixtures/create-test-app.ts';

function createApp(allowedOrigins: readonly string[] = []) {
  const routes = new Hono<AppEnv>();
  routes.use(refuseForeignOrigins(allowedOrigins));
  return createTestApp(routes.all('*', (c) => c.json({})));
}
const own = { host: 'chat.example.org' };

async function statusOf(
  headers: Record<string, string>,
  { method = 'POST', allowed = [] }: { method?: string; allowed?: readonly string[] } = {},
) {
  return (await createApp(allowed).request('/api/session/start', { method, headers })).status;
}

describe('an unsafe request', () => {
  test.each([
    ['a program', {}],
    ['our own page', { origin: 'https://chat.example.org' }],
    ['our own page behind what ends TLS', { origin: 'http://chat.example.org' }],
    ['our own page on another port', { host: 'localhost:8443', origin: 'https://localhost:8443' }],
    ['our own page with the usual port written out', { host: 'a.example:443', origin: 'https://a.example' }],
    ['a browser without Origin, from our own page', { 'sec-fetch-site': 'same-origin' }],
    ['a browser without Origin, from nowhere', { 'sec-fetch-site': 'none' }],
    [
      'our own page, whatever the browser calls it',
      { origin: 'https://chat.example.org', 'sec-fetch-site': 'cross-site' },
    ],
  ])('of %s passes', async (_, headers) => {
    expect(await statusOf({ ...own, ...headers })).toBe(200);
  });

  test.each([
    ['another site', { origin: 'https://evil.example' }],
    ['another port of the host', { origin: 'https://chat.example.org:8443' }],
    ['a site whose name begins alike', { origin: 'https://chat.example.org.evil.example' }],
    ['a sandboxed frame or a file', { origin: 'null' }],
    ['no origin at all', { origin: 'chat.example.org' }],
    ['another site, without Origin', { 'sec-fetch-site': 'cross-site' }],
    ['a sister site, without Origin', { 'sec-fetch-site': 'same-site' }],
  ])('of %s is refused', async (_, headers) => {
    for (const method of ['POST', 'DELETE', 'PUT', 'PATCH']) {
      expect(await statusOf({ ...own, ...headers }, { method })).toBe(403);
    }
  });

  test('of an allowed origin passes, and so does every one where all are allowed', async () => {
    const headers = { ...own, origin: 'https://www.example.org', 'sec-fetch-site': 'cross-site' };
    expect(await statusOf(headers, { allowed: ['https://www.example.org'] })).toBe(200);
    expect(await statusOf(headers, { allowed: ['https://other.example.org'] })).toBe(403);
    expect(await statusOf(headers, { allowed: ['*'] })).toBe(200);
  });
});

test.each(['GET', 'HEAD', 'OPTIONS'])('%s changes nothing, and passes', async (method) => {
  expect(await statusOf({ ...own, origin: 'https://evil.example' }, { method })).toBe(200);
});
