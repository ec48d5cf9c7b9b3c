import { readFileSync } from 'node:fs';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runOperatorCommand } from '../../infra/local/operator-command.ts';
import { startTestStack, type TestStack } from './stack.ts';
import { until } from './until.ts';

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
  complete: boolean;
  searched: { place: string; found: object[] }[];
  not_searched: { place: string }[];
  kept: { place: string }[];
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
    expect(erased).toMatchObject({ user_id: user, sessions: 1, complete: true });
    expect(erased.statistics_rows).toBeGreaterThan(0);
    expect(erased.searched.map(({ place }) => place)).toEqual(['redis', 'postgres', 'log files']);

    const left = (await operate('GET', `/users/${user}/export`)).body;
    expect(left.sessions).toEqual([]);
    expect(JSON.stringify(left.statistics)).not.toContain('library');
  });

  test('erase what a program asked for a user without a session, and say what stays', async () => {
    await unblock();
    const programUser = 'ga34xyz';
    const reply = await fetch(`${stack.nginx.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({
        model: 'tum-chatbot',
        user: programUser,
        messages: [
          { role: 'user', content: 'I lost my card.' },
          { role: 'assistant', content: 'Block it.' },
          { role: 'user', content: 'Where do I get a new student card in Garching?' },
        ],
      }),
    });
    expect(reply.status).toBe(200);
    const erased = (await operate('DELETE', `/users/${programUser}`)).body;
    expect(erased).toMatchObject({ sessions: 0, complete: true });
    expect(erased.not_searched.map(({ place }) => place)).toContain('backups');
    expect(erased.kept.map(({ place }) => place)).toContain('postgres erased_users');
    const again = (await operate('DELETE', `/users/${programUser}`)).body;
    expect(again).toMatchObject({ sessions: 0, statistics_rows: 0, complete: true });
  });

  test('erase the session of somebody who gave no name', async () => {
    await unblock();
    const chat = await fetch(`${stack.nginx.url}/api/chat`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ message: 'Where can I eat in Heilbronn?' }),
    });
    const { session_id: sessionId } = (await chat.json()) as { session_id: string };
    const erased = (await operate('DELETE', `/sessions/${sessionId}`)).body;
    expect(erased).toMatchObject({ session_id: sessionId, sessions: 1, complete: true });
    const history = await fetch(`${stack.nginx.url}/api/session/${sessionId}/history`, {
      headers: { 'X-Session-ID': sessionId },
    });
    expect(history.status).toBe(404);
  });

  test('let an address ask again that has used its limit', async () => {
    await unblock();
    const statuses = [];
    for (let request = 0; request < 7; request += 1) statuses.push((await ask('Hello!')).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 429]);
    expect(await unblock()).toMatchObject({ status: 200, body: { address: '127.0.0.1' } });
    expect((await ask('Hello!')).status).toBe(200);
  });

  test('leave a row in the audit table with each action, which names no person', async () => {
    const sql = postgres(stack.postgres.url, { max: 1, onnotice: () => {} });
    try {
      const rows = await sql<Record<'operator' | 'action' | 'target' | 'address', string>[]>`
        SELECT operator, action, target, address, status FROM admin_actions ORDER BY at`;
      const actions = rows.map(({ action }) => action);
      expect(actions).toContain('POST /api/admin/knowledge/reindex');
      expect(actions).toContain('DELETE /api/admin/users/:id');
      expect(actions).toContain('POST /api/admin/rate-limit/unblock');
      expect(rows.find(({ target }) => target === 'version 999')).toMatchObject({ status: 404 });
      expect(new Set(rows.map(({ operator }) => operator)).size).toBe(1);
      expect(new Set(rows.map(({ address }) => address))).toEqual(new Set(['127.0.0.1']));
      expect(JSON.stringify(rows)).not.toContain(user);
      expect(JSON.stringify(rows)).not.toContain(stack.adminToken);
    } finally {
      await sql.end();
    }
  });

  test('are let in by their token alone, and a wrong one locks its address out until that is lifted', async () => {
    const open = async (token: string) => {
      const headers = { Authorization: `Bearer ${token}` };
      const reply = await fetch(`${stack.nginx.url}/api/admin/knowledge`, { headers });
      return { status: reply.status, headers: reply.headers, body: await reply.json() };
    };
    const guesses = await Promise.all(Array.from({ length: 20 }, () => open('wrong')));
    const judged = guesses.filter(({ status }) => status === 401);
    expect(judged).toHaveLength(1);
    expect(judged[0]?.body).toMatchObject({ code: 'UNAUTHORIZED', status_code: 401 });
    // The next lock is longer than what follows takes.
    await until(async () => (await open('wrong')).status === 401);
    await until(async () => (await open('wrong')).status === 401);
    const locked = await open(stack.adminToken);
    expect(locked).toMatchObject({ status: 429, body: { code: 'RATE_LIMIT_EXCEEDED' } });
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(2);

    const warnings = stack
      .replicas()
      .flatMap(({ logFile }) => readFileSync(logFile, 'utf8').split('\n'))
      .filter((line) => line.includes('wrong operators’ token'))
      .map((line) => JSON.parse(line));
    expect(warnings.map(({ failures }) => failures).sort()).toEqual([1, 2, 3]);
    expect(warnings[0]).toMatchObject({ level: 'WARNING', clientAddress: '127.0.0.1' });

    await runOperatorCommand({
      name: 'unblock',
      commandArguments: ['127.0.0.1'],
      variables: stack.variables,
      logFile: stack.logFile('unblock'),
    });
    expect((await open(stack.adminToken)).status).toBe(200);
  });
});
