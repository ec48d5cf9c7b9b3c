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

async function startWith(replicaId: string, variables: Record<string, string>): Promise<Service> {
  const replica = await startReplica({
    replicaId,
    port: await findFreePort(),
    metricsPort: await findFreePort(),
    logFile: join(stack.dataDir, 'logs', `${replicaId}.log`),
    variables: {
      ...stack.variables,
      GEMINI_API_KEY: 'key-of-the-tests',
      GEMINI_BASE_URL: gemini.url,
      ...variables,
    },
    requestTimeoutSeconds: 30,
  });
  withKey.push(replica);
  return replica;
}

const versionOf = async (url: string) => {
  const health = (await (await fetch(`${url}/api/health`)).json()) as { knowledge: { version: number } };
  return health.knowledge.version;
};

/** Asks every replica, in turn, for as long as `work` takes and a little longer. */
async function askWhile(urls: readonly string[], work: () => Promise<unknown>) {
  let isOver = false;
  let asked = 0;
  const problems: unknown[] = [];
  const askOn = async (url: string) => {
    const client = createApiClient(url);
    while (!isOver) {
      asked += 1;
      const message = `Where can I print, for the ${asked}th time?`;
      const { degraded } = await client.ask(message).catch((error: unknown) => {
        problems.push(error);
        return { degraded: [] };
      });
      if (degraded.length > 0) problems.push({ url, degraded });
    }
  };
  const asking = urls.map(askOn);
  await work();
  await delay(2000);
  isOver = true;
  await Promise.all(asking);
  return { asked, problems };
}

it('adding a key embeds the knowledge anew, once, while old replicas answer as before', async () => {
  const old = stack.replicas().map(({ url }) => url);
  const { problems } = await askWhile(old, async () => {
    const replicas = await Promise.all(
      ['replica-7', 'replica-8', 'replica-9'].map((id) => startWith(id, {})),
    );
    const urls = replicas.map(({ url }) => url);
    const clients = urls.map(createApiClient);
    const query = { json: { query: 'Where can I print?' } };
    const found: unknown[] = [];
    const isEveryoneOnTheNewVersion = async () => {
      const replies = await Promise.all(clients.map(({ send }) => send('POST', '/api/search', query)));
      found.push(...replies.map(({ body }) => (body as { results: { id: string }[] }).results[0]?.id));
      return (await Promise.all(urls.map(versionOf))).every((version) => version > 1);
    };
    await expect.poll(isEveryoneOnTheNewVersion, { timeout: 60_000, interval: 100 }).toBe(true);
    expect(found.filter((id) => id === undefined)).toEqual([]);
    // Long enough for a replica that would embed once more to have done so.
    await delay(3000);
    expect(await Promise.all(urls.map(versionOf))).toEqual([2, 2, 2]);
  });
  expect(problems).toEqual([]);
  // Without a key it cannot embed questions for the new version.
  expect(await Promise.all(old.map(versionOf))).toEqual([1]);
});

it('another model embeds the knowledge anew under load, old replicas beside new: no answer lacks anything', async () => {
  const old = withKey.map(({ url }) => url);
  let renewed: Service | undefined;
  const { asked, problems } = await askWhile(
    [...old, ...stack.replicas().map(({ url }) => url)],
    async () => {
      renewed = await startWith('replica-10', { EMBEDDING_MODEL: 'gemini-embedding-2' });
      const { url } = renewed;
      const during = await askWhile([url], () =>
        expect.poll(() => versionOf(url), { timeout: 60_000, interval: 100 }).toBe(3),
      );
      expect(during.problems).toEqual([]);
    },
  );
  expect(asked).toBeGreaterThan(20);
  expect(problems).toEqual([]);
});
