import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GeminiServer, startGeminiServer } from '../gemini-server/gemini-server.ts';
import { createApiClient } from './api-client.ts';
import { startTestStack, type TestStack } from './stack.ts';

const friend = 'https://www.example.org';

let gemini: GeminiServer;
let stack: TestStack;
let api: ReturnType<typeof createApiClient>;

beforeAll(async () => {
  gemini = await startGeminiServer();
  const env = { ENVIRONMENT: 'production', CORS_ORIGINS: friend, EMBEDDING_MODEL: 'local' };
  stack = await startTestStack({ geminiUrl: gemini.url, replicas: 2, env });
  api = createApiClient(stack.nginx.url);
});

afterAll(async () => {
  await stack?.stop();
  await gemini?.close();
});

describe('in production', () => {
  it.each([
    ['GET', '/api/statistics', undefined],
    ['GET', '/api/statistics/performance', undefined],
    ['POST', '/api/search', { query: 'eduroam' }],
    ['GET', '/api/admin/knowledge', undefined],
  ])('%s %s is for operators only', async (method, path, json) => {
    const body = json === undefined ? {} : { json };
    expect((await api.send(method, path, body)).status).toBe(401);
    const right = { Authorization: `Bearer ${stack.adminToken}` };
    expect((await api.send(method, path, { ...body, headers: right })).status).toBe(200);
  });

  it('opens nothing to a wrong token, which locks its address out', async () => {
    const headers = { Authorization: 'Bearer of-bad-news-and-more' };
    const statuses = [];
    for (const path of ['/api/statistics', '/api/statistics/performance', '/api/admin/knowledge']) {
      statuses.push((await api.send('GET', path, { headers })).status);
    }
    expect(statuses[0]).toBe(401);
    expect(statuses).not.toContain(200);
  });

  it('lets pages of the configured origin call, with what they need to read, and no others', async () => {
    const ask = { json: { message: 'How do I connect to eduroam?' } };
    const friendly = await api.send('POST', '/api/chat', { ...ask, headers: { Origin: friend } });
    expect(friendly.headers.get('access-control-allow-origin')).toBe(friend);
    expect(friendly.headers.get('access-control-expose-headers')).toContain('X-Request-ID');
    const strange = await api.send('POST', '/api/chat', {
      ...ask,
      headers: { Origin: 'https://evil.example' },
    });
    expect(strange.headers.get('access-control-allow-origin')).toBeNull();
    const preflight = await fetch(`${stack.nginx.url}/api/chat`, {
      method: 'OPTIONS',
      headers: {
        Origin: friend,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'x-user-id',
      },
    });
    expect(preflight.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('x-user-id');
  });

  it('tells nobody why a dependency is out', async () => {
    await stack.postgres.stop();
    try {
      const seen = async () => {
        const health = await (await fetch(`${stack.nginx.url}/api/health`)).json();
        return (health as { services: { postgres: unknown } }).services.postgres;
      };
      await expect.poll(seen, { timeout: 10_000 }).toEqual({ state: 'down', latency: null });
    } finally {
      await stack.postgres.start();
    }
  });
});

describe('a session that the service makes', () => {
  it('is the same for a retry with its Idempotency-Key, and another for another user with that key', async () => {
    const key = randomUUID();
    const start = async (userId: string) => {
      const headers = { 'Idempotency-Key': key };
      const reply = await api.send('POST', '/api/session/start', { caller: { userId }, headers, json: {} });
      return (reply.body as { session_id: string }).session_id;
    };
    const first = await start('ada');
    expect(await start('ada')).toBe(first);
    expect(await start('bob')).not.toBe(first);
  });
});
