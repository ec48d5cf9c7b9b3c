import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type GeminiServer, startGeminiServer } from '../gemini-server/gemini-server.ts';
import { generateRequestSchema } from '../gemini-server/wire.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { canteenQuestion } from './canteen-question.ts';
import { proxySecret, startTestStack, type TestStack } from './stack.ts';

const historyLimit = 12;
const sessionTimeoutSeconds = 1800;

let gemini: GeminiServer;
let stack: TestStack;
let redis: Redis;
let nginx: ApiClient;
let replicas: ApiClient[];

beforeAll(async () => {
  gemini = await startGeminiServer();
  stack = await startTestStack({
    geminiUrl: gemini.url,
    env: {
      CONVERSATION_HISTORY_LIMIT: String(historyLimit),
      SESSION_TIMEOUT: String(sessionTimeoutSeconds),
    },
  });
  redis = new Redis(stack.redis.url);
  nginx = createApiClient(stack.nginx.url);
  replicas = stack.replicas().map(({ url }) => createApiClient(url));
});

afterEach(() => {
  gemini.setScript({});
  gemini.clearCalls();
});

afterAll(async () => {
  redis?.disconnect();
  await stack?.stop();
  await gemini?.close();
});

const replica = (index: number) => replicas[index % replicas.length] as ApiClient;
const statusOf = async (method: string, path: string, caller: { userId?: string; sessionId?: string }) =>
  (await nginx.send(method, path, { caller })).status;

/** Messages of the history in each prompt that the model got; the last one of a prompt is the question itself. */
const historyLengths = () =>
  gemini
    .calls()
    .filter(({ method }) => method === 'streamGenerateContent')
    .map(({ body }) => generateRequestSchema.parse(body).contents.length - 1);

describe('messages sent to one session at once', () => {
  test('are all stored as whole pairs, and the prompt holds the newest of them only', async () => {
    const caller = { userId: 'eager', sessionId: 'parallel' };
    const questions = Array.from({ length: 50 }, (_, index) => canteenQuestion(index));
    gemini.setScript({ latencyMs: 20 });

    const answers = await Promise.all(questions.map((question) => nginx.ask(question, { caller })));
    const turns = await nginx.history(caller);

    expect(new Set(answers.map(({ replica }) => replica)).size).toBe(3);
    expect(turns.map(({ question }) => question).sort()).toEqual([...questions].sort());
    for (const [index, { request_id, response }] of answers.entries()) {
      const turn = turns.find((each) => each.request_id === request_id);
      expect(turn).toMatchObject({ question: questions[index], answer: response });
      expect(turn?.answer).toContain(questions[index]);
    }

    await nginx.ask('And on Sundays?', { caller });
    expect(Math.max(...historyLengths())).toBeLessThanOrEqual(historyLimit);
    expect(historyLengths().at(-1)).toBe(historyLimit);
  });
});

describe('people', () => {
  test('who name the same session share nothing', async () => {
    const [ada, bob] = [
      { userId: 'ada', sessionId: 'default' },
      { userId: 'bob', sessionId: 'default' },
    ];
    await nginx.ask('Where is the library in Garching?', { caller: ada });
    await nginx.ask('How do I pay the semester fee?', { caller: bob });
    gemini.clearCalls();
    await nginx.ask('Can you say more about that?', { caller: bob });

    const questionsOf = async (caller: typeof ada) =>
      (await nginx.history(caller)).map(({ question }) => question);
    expect(await questionsOf(ada)).toEqual(['Where is the library in Garching?']);
    expect(await questionsOf(bob)).toEqual([
      'How do I pay the semester fee?',
      'Can you say more about that?',
    ]);
    expect(JSON.stringify(gemini.calls())).not.toContain('Where is the library in Garching?');
  });

  test('without a name get a session of their own, whatever id they send', async () => {
    const caller = { sessionId: 'default' };
    const first = await nginx.ask('Where is the library in Garching?', { caller });
    const second = await nginx.ask('How do I pay the semester fee?', { caller });
    const named = await nginx.ask('Hello', { fields: { session_id: 'test' } });

    const sessionIds = [first, second, named].map(({ session_id }) => session_id);
    expect(new Set([...sessionIds, 'default', 'test']).size).toBe(5);
    expect(await statusOf('GET', '/api/session/default/history', {})).toBe(404);
    const turns = await nginx.history({ userId: 'anonymous', sessionId: second.session_id });
    expect(turns.map(({ question }) => question)).toEqual(['How do I pay the semester fee?']);
  });

  test('without a name go on with an id that the service made, on any replica', async () => {
    const { session_id: sessionId } = await replica(0).ask('Where is the canteen in Garching?');
    for (const [index, question] of ['And when does it open?', 'Thanks, and how do I pay?'].entries()) {
      const answer = await replica(index + 1).ask(question, { caller: { sessionId } });
      expect(answer.session_id).toBe(sessionId);
    }
    expect(await nginx.history({ userId: 'anonymous', sessionId })).toHaveLength(3);
  });

  test('cannot reach the session, the stream or the answer of another', async () => {
    const owner = { userId: 'owner', sessionId: 'private' };
    const answer = await nginx.ask('How do I reach the counselling service?', { caller: owner });
    const others = [
      { userId: 'thief', sessionId: 'private' },
      { userId: 'owner', sessionId: 'other' },
      { sessionId: 'private' },
    ];
    for (const caller of others) {
      const path = `/api/session/${caller.sessionId}`;
      expect(await statusOf('GET', path, caller)).toBe(404);
      expect(await statusOf('GET', `${path}/history`, caller)).toBe(404);
      expect(await statusOf('POST', `${path}/end`, caller)).toBe(404);
      expect(await statusOf('DELETE', path, caller)).toBe(404);
      expect(await statusOf('GET', `/api/chat/${answer.request_id}/stream`, caller)).toBe(404);
      const rating = { request_id: answer.request_id, rating: 'up' };
      const rated = await nginx.send('POST', '/api/feedback', { caller, json: rating });
      expect(rated.status).toBe(404);
    }
    expect(await nginx.history(owner)).toHaveLength(1);
  });
});

describe('a session that the service made', () => {
  const refusal = { code: 'VALIDATION_ERROR', error: expect.stringContaining('UUID') };

  test('is not told to who repeats an Idempotency-Key that can be guessed', async () => {
    const headers = { 'Idempotency-Key': 'order-0001' };
    for (const [path, json] of [
      ['/api/session/start', {}],
      ['/api/chat', { message: 'Hello' }],
      ['/v1/chat/completions', { messages: [{ role: 'user', content: 'Hello' }] }],
    ] as const) {
      const reply = await nginx.send('POST', path, { headers, json });
      expect(reply.status, path).toBe(400);
      if (path.startsWith('/api')) expect(reply.body).toMatchObject(refusal);
    }
  });

  test('is not told to who names the request that made it, to nginx or to a replica itself', async () => {
    const victim = await nginx.ask('Where is the library in Garching?');
    for (const client of [nginx, ...replicas]) {
      const headers = {
        'X-Request-ID': victim.request_id,
        'X-Real-IP': '127.0.0.1',
        'X-Proxy-Secret': proxySecret,
      };
      const { session_id } = await client.ask('Where is the library in Garching?', { headers });
      expect(session_id).not.toBe(victim.session_id);
    }
  });

  test('comes again for the same key and body, and for no other body', async () => {
    const headers = { 'Idempotency-Key': randomUUID() };
    const start = (client: ApiClient, json: object) =>
      client.send('POST', '/api/session/start', { headers, json });
    const first = await start(replica(0), { user_role: 'student' });
    const again = await start(replica(1), { user_role: 'student' });
    expect(again.body).toMatchObject({ session_id: (first.body as { session_id: string }).session_id });
    expect(await start(replica(2), { user_role: 'visitor' })).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT' },
    });
  });
});

describe('a session', () => {
  const infoOf = async (caller: { userId: string; sessionId: string }) =>
    (await nginx.send('GET', `/api/session/${caller.sessionId}`, { caller })).body;

  test('started on one replica goes on on another, with its role and campus', async () => {
    const json = { user_role: 'student', user_campus: 'Heilbronn' };
    const started = await replica(0).send('POST', '/api/session/start', { caller: { userId: 'eve' }, json });
    const { session_id: sessionId } = started.body as { session_id: string };
    const caller = { userId: 'eve', sessionId };
    const answer = await replica(1).ask('Where can I have lunch?', { caller });

    expect(answer.session_id).toBe(sessionId);
    expect(answer.sources[0]?.id).toBe('food-heilbronn');
    expect(await infoOf(caller)).toMatchObject({ session_info: { ...json, interaction_count: 1 } });
  });

  test('that is ended is gone on every replica, and tells how long it was', async () => {
    for (const [method, suffix] of [
      ['POST', '/end'],
      ['DELETE', ''],
    ] as const) {
      const caller = { userId: 'leaving', sessionId: `ends-with-${method}` };
      await replica(0).ask('Hello', { caller });
      await replica(1).ask('Where is the library in Garching?', { caller });
      const ended = await replica(2).send(method, `/api/session/${caller.sessionId}${suffix}`, { caller });
      expect(ended.body).toMatchObject({ session_id: caller.sessionId, interaction_count: 2 });
      expect((ended.body as { duration: number }).duration).toBeGreaterThanOrEqual(0);
      for (const client of replicas) {
        const { status } = await client.send('GET', `/api/session/${caller.sessionId}/history`, { caller });
        expect(status).toBe(404);
      }
      expect(await redis.keys(`session:*:${caller.sessionId}:turns`)).toEqual([]);
    }
  });

  test('lives on with every message, and is gone when its time is over', async () => {
    const caller = { userId: 'slow', sessionId: 'expiring' };
    await nginx.ask('Hello', { caller });
    const keys = async () =>
      (await redis.keys('session:*:expiring:*')).filter((key) => /:(meta|turns)$/.test(key));
    expect(await keys()).toHaveLength(2);

    for (const key of await keys()) await redis.expire(key, 60);
    await nginx.ask('Are you still there?', { caller });
    for (const key of await keys()) expect(await redis.ttl(key)).toBeGreaterThan(sessionTimeoutSeconds - 60);

    for (const key of await keys()) await redis.pexpire(key, 1);
    await expect.poll(keys).toEqual([]);
    expect(await statusOf('GET', '/api/session/expiring', caller)).toBe(404);
    await nginx.ask('Hello again', { caller });
    expect(await nginx.history(caller)).toHaveLength(1);
  });
});

test('whatever was stored in Redis expires by itself, but for the two keys that must not', async () => {
  const lasting = [];
  for (const key of await redis.keys('*')) if ((await redis.ttl(key)) === -1) lasting.push(key);
  expect(lasting.filter((key) => !['statistics:events', 'knowledge:active'].includes(key))).toEqual([]);
});
