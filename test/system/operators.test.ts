import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestStack, type TestStack } from './stack.ts';

let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack({
    replicas: 2,
    env: { ENABLE_RATE_LIMITING: 'true', RATE_LIMIT_REQUESTS: '6' },
  });
});

afterAll(() => stack?.stop());

const user = 'ga12abc';

/** What the replies below hold, each its part. */
interface OperatorReply {
  live_version: number;
  versions: object[];
  sessions: object[];
  statistics: object;
  statistics_rows: number;
}

/** A call as operators make it, from a network of theirs. */
async function operate(method: string, path: string, body?: object) {
  const response = await fetch(`${stack.nginx.url}/api/admin${path}`, {
    method,
    headers: { Authorization: `Bearer ${stack.adminToken}`, 'Content-Type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as OperatorReply };
}

const ask = (message: string) =>
  fetch(`${stack.nginx.url}/api/chat`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-User-ID': user, 'X-Session-ID': 'first' },
    body: JSON.stringify({ message }),
  });

const unblock = () => operate('POST', '/rate-limit/unblock', { address: '127.0.0.1' });

describe('operators', () => {
  test('index the knowledge base anew and go back, and all replicas follow', async () => {
    const before = (await operate('GET', '/knowledge')).body;
    expect(before.versions.at(-1)).toMatchObject({ live: true, index: 'complete' });

    const reindexed = (await operate('POST', '/knowledge/reindex')).body;
    expect(reindexed).toMatchObject({ state: 'done', version: { version: before.live_version + 1 } });
    await operate('POST', '/knowledge/activate', { version: before.live_version });

    const versionsOfReplicas = () =>
      Promise.all(
        stack.replicas().map(async ({ port }) => {
          const health = await fetch(`http://127.0.0.1:${port}/api/health`);
          return ((await health.json()) as { knowledge: { version: number } }).knowledge.version;
        }),
      );
    await expect
      .poll(versionsOfReplicas, { timeout: 20_000 })
      .toEqual([before.live_version, before.live_version]);
    expect((await operate('POST', '/knowledge/activate', { version: 999 })).status).toBe(404);
  });

  test('export a user and erase them from every store', async () => {
    await unblock();
    expect((await ask('Where is the library in Garching?')).status).toBe(200);
    const statisticsOf = async () => (await operate('GET', `/users/${user}/export`)).body.statistics;
    await expect
      .poll(async () => JSON.stringify(await statisticsOf()), { timeout: 20_000 })
      .toContain('library in garching');

    const exported = (await operate('GET', `/users/${user}/export`)).body;
    expect(exported.sessions).toMatchObject([
      { session_id: 'first', turns: [{ question: 'Where is the library in Garching?' }] },
    ]);
    const erased = (await operate('DELETE', `/users/${user}`)).body;
    expect(erased).toMatchObject({ user_id: user, sessions: 1 });
    expect(erased.statistics_rows).toBeGreaterThan(0);

    const left = (await operate('GET', `/users/${user}/export`)).body;
    expect(left.sessions).toEqual([]);
    expect(JSON.stringify(left.statistics)).not.toContain('library');
  });

  test('let an address ask again that has used its limit', async () => {
    await unblock();
    const statuses = [];
    for (let request = 0; request < 7; request += 1) statuses.push((await ask('Hello!')).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 429]);
    expect(await unblock()).toMatchObject({ status: 200, body: { address: '127.0.0.1' } });
    expect((await ask('Hello!')).status).toBe(200);
  });

  test('are let in by their token alone', async () => {
    const reply = await fetch(`${stack.nginx.url}/api/admin/knowledge`, {
      headers: { Authorization: 'Bearer wrong' },
    });
    expect(reply.status).toBe(401);
    expect(await reply.json()).toMatchObject({ code: 'UNAUTHORIZED', status_code: 401 });
  });
});
