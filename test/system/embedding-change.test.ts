import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findFreePort } from '../../infra/local/ports.ts';
import { startReplica } from '../../infra/local/replica.ts';
import type { Service } from '../../infra/local/service.ts';
import { type GeminiServer, startGeminiServer } from '../gemini-server/gemini-server.ts';
import { createApiClient } from './api-client.ts';
import { startTestStack, type TestStack } from './stack.ts';

let gemini: GeminiServer;
let stack: TestStack;
const withKey: Service[] = [];

beforeAll(async () => {
  gemini = await startGeminiServer();
  stack = await startTestStack({ replicas: 1 });
});

afterAll(async () => {
  await Promise.all(withKey.map((replica) => replica.stop()));
  await stack?.stop();
  await gemini?.close();
});

it('adding a key embeds the knowledge anew, once, while the old version answers', async () => {
  const variables = { ...stack.variables, GEMINI_API_KEY: 'key-of-the-tests', GEMINI_BASE_URL: gemini.url };
  const start = async (replicaId: string) =>
    startReplica({
      replicaId,
      port: await findFreePort(),
      logFile: join(stack.dataDir, 'logs', `${replicaId}.log`),
      variables,
      requestTimeoutSeconds: 30,
    });
  withKey.push(...(await Promise.all([start('replica-7'), start('replica-8'), start('replica-9')])));
  const clients = withKey.map(({ url }) => createApiClient(url));

  const versionOf = async (url: string) => {
    const health = (await (await fetch(`${url}/api/health`)).json()) as { knowledge: { version: number } };
    return health.knowledge.version;
  };
  const query = { json: { query: 'Where can I print?' } };
  const found: unknown[] = [];
  const isEveryoneOnTheNewVersion = async () => {
    const replies = await Promise.all(clients.map(({ send }) => send('POST', '/api/search', query)));
    found.push(...replies.map(({ body }) => (body as { results: { id: string }[] }).results[0]?.id));
    return (await Promise.all(withKey.map(({ url }) => versionOf(url)))).every((version) => version > 1);
  };
  await expect.poll(isEveryoneOnTheNewVersion, { timeout: 60_000, interval: 100 }).toBe(true);
  expect(found.filter((id) => id === undefined)).toEqual([]);

  // Long enough for a replica that would embed once more to have done so.
  await delay(3000);
  expect(await Promise.all(withKey.map(({ url }) => versionOf(url)))).toEqual([2, 2, 2]);
});
