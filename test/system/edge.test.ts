import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Replica } from '../../infra/local/replica.ts';
import { postJson, type Reply, send } from './send.ts';
import { adminToken, proxySecret, startTestStack, type TestStack } from './stack.ts';

let stack: TestStack;
let replica: Replica;

beforeAll(async () => {
  stack = await startTestStack({ replicas: 1 });
  replica = stack.replicas()[0] as Replica;
});

afterAll(() => stack?.stop());

const operator = { Authorization: `Bearer ${adminToken}` };
const proxied = { 'X-Real-IP': '203.0.113.9', 'X-Proxy-Secret': proxySecret };

describe('the operators’ networks', () => {
  test.each([
    '/api/admin/knowledge',
    '/api//admin/knowledge',
    '/x/../api/admin/knowledge',
    '/api/admin/nothing',
  ])('are enforced by a replica for %s, whatever token comes along', async (path) => {
    const reply = await send(replica.url, path, { headers: { ...operator, ...proxied } });
    expect([403, 404]).toContain(reply.status);
    expect(reply.body).not.toContain('live_version');
  });

  test('are those of the client that nginx names, and of nobody else’s', async () => {
    const path = '/api/admin/knowledge';
    expect(await send(stack.nginx.url, path, { headers: operator })).toMatchObject({ status: 200 });
    const forged = { ...operator, ...proxied, 'X-Proxy-Secret': 'guessed-by-somebody' };
    expect(await send(replica.url, path, { headers: forged })).toMatchObject({ status: 200 }); // this machine’s address
    const named = { ...operator, ...proxied };
    expect(await send(replica.url, path, { headers: named })).toMatchObject({ status: 403 });
  });
});

describe('metrics', () => {
  test('are at their own port, and nowhere else', async () => {
    const metrics = await fetch(replica.metricsUrl);
    expect(await metrics.text()).toContain('tum_chatbot_http_requests_in_flight');
    expect(metrics.headers.get('content-type')).toContain('text/plain');
    for (const origin of [replica.url, stack.nginx.url]) {
      expect(await send(origin, '/metrics')).toMatchObject({ status: 404 });
    }
  });

  test('are all that their port answers', async () => {
    const { origin } = new URL(replica.metricsUrl);
    expect(await send(origin, '/api/health')).toMatchObject({ status: 404 });
    expect(await send(origin, '/metrics', { method: 'POST' })).toMatchObject({ status: 404 });
  });
});

test('at a replica’s own port nobody names a request or a client without the secret', async () => {
  const id = 'a'.repeat(32);
  const named = { 'X-Request-ID': id, 'X-Real-IP': '203.0.113.9' };
  expect((await send(replica.url, '/api/health', { headers: named })).headers['x-request-id']).not.toBe(id);
  const proven = { ...named, 'X-Proxy-Secret': proxySecret };
  expect((await send(replica.url, '/api/health', { headers: proven })).headers['x-request-id']).toBe(id);
});

describe('every reply', () => {
  const everyReply: readonly [string, () => Promise<Reply>][] = [
    ['an answer', () => postJson(stack.nginx.url, '/api/chat', { message: 'When is the library open?' })],
    [
      'a stream',
      () =>
        postJson(
          stack.nginx.url,
          '/api/chat',
          { message: 'When is the library open?' },
          { Accept: 'text/event-stream' },
        ),
    ],
    [
      'an answer for OpenAI’s clients',
      () =>
        postJson(stack.nginx.url, '/v1//chat/completions/', {
          model: 'tum-chatbot',
          messages: [{ role: 'user', content: 'When is the library open?' }],
        }),
    ],
    ['a session', () => postJson(stack.nginx.url, '/api/session/start', {})],
    ['the models', () => send(stack.nginx.url, '/v1/models/')],
    ['health', () => send(stack.nginx.url, '/api/health')],
    ['operators’ data', () => send(stack.nginx.url, '/api/admin/knowledge', { headers: operator })],
    ['statistics', () => send(stack.nginx.url, '/api/statistics')],
    ['a refusal of the service', () => postJson(stack.nginx.url, '/api/chat', { message: 42 })],
    ['an unknown address', () => send(stack.nginx.url, '/nowhere')],
    ['a refusal of nginx', () => send(stack.nginx.url, '/x/../y')],
  ];

  test.each(everyReply)('that is a person’s is kept by nobody: %s', async (_, ask) => {
    const { headers } = await ask();
    expect(headers['cache-control']).toMatch(/^no-store/);
    expect(headers['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'");
  });

  test.each([
    ...everyReply,
    ...['/', '/widget', '/widget.js', '/docs', '/openapi.json'].map(
      (path) => [path, () => send(stack.nginx.url, path)] as const,
    ),
  ])('has the security headers, each once: %s', async (_, ask) => {
    const { headers } = await ask();
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'permissions-policy': 'camera=(), geolocation=(), microphone=()',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'cross-origin-resource-policy': expect.stringMatching(/^(same|cross)-origin$/),
    });
  });
});

test('another site’s page changes nothing through a browser', async () => {
  const start = (headers: Record<string, string>) =>
    send(stack.nginx.url, '/api/session/start', { method: 'POST', headers });
  expect(await start({ Origin: 'https://evil.example' })).toMatchObject({ status: 403 });
  expect(await start({ Origin: stack.nginx.url })).toMatchObject({ status: 200 });
  expect(
    await start({ Origin: new URL(stack.nginx.url).origin, 'Sec-Fetch-Site': 'same-origin' }),
  ).toMatchObject({ status: 200 });
  expect(await start({})).toMatchObject({ status: 200 });
});
