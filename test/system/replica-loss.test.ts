import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Service } from '../../infra/local/service.ts';
import { type GeminiServer, startGeminiServer } from '../gemini-server/gemini-server.ts';
import { type ApiClient, type Caller, type ChatReply, createApiClient } from './api-client.ts';
import { canteenQuestion } from './canteen-question.ts';
import { startTestStack, type TestStack } from './stack.ts';

let gemini: GeminiServer;
let stack: TestStack;
let nginx: ApiClient;
let database: postgres.Sql;
let questionsAsked = 0;

beforeAll(async () => {
  gemini = await startGeminiServer();
  stack = await startTestStack({ geminiUrl: gemini.url });
  nginx = createApiClient(stack.nginx.url);
  database = postgres(stack.postgres.url, { max: 1 });
});

afterEach(async () => {
  gemini.setScript({});
  for (const replica of stack.replicas()) await replica.start();
});

afterAll(async () => {
  await database?.end();
  await stack?.stop();
  await gemini?.close();
});

interface Asked {
  readonly caller: Required<Caller>;
  readonly question: string;
  readonly answer: ChatReply;
}

/** One person who asks again as soon as an answer is there, until `isOver`. */
async function keepAsking(caller: Required<Caller>, isOver: () => boolean): Promise<Asked[]> {
  const asked: Asked[] = [];
  while (!isOver()) {
    const question = canteenQuestion(questionsAsked++);
    asked.push({ caller, question, answer: await nginx.ask(question, { caller }) });
  }
  return asked;
}

const pidOf = ({ pid }: Service) => pid();

test('a replica that is killed under load fails no request and doubles or loses no turn and no statistics', async () => {
  gemini.setScript({ latencyMs: 300, chunkDelayMs: 50 });
  const victim = stack.replicas()[0] as Service;
  const people = Array.from({ length: 16 }, (_, index) => ({ userId: `person-${index}`, sessionId: 'own' }));
  const shared = { userId: 'group', sessionId: 'shared' };
  const isVictimAsked = () => gemini.openCalls() >= 12;

  let isOver = false;
  const asking = [...people, shared, shared, shared, shared].map((caller) =>
    keepAsking(caller, () => isOver),
  );
  await expect.poll(isVictimAsked, { timeout: 20_000, interval: 5 }).toBe(true);
  await victim.kill();
  const callsAtDeath = gemini.calls().length;
  await expect.poll(() => gemini.calls().length, { timeout: 30_000 }).toBeGreaterThan(callsAtDeath + 60);
  isOver = true;
  const asked = (await Promise.all(asking)).flat();

  expect(pidOf(victim)).toBeUndefined();
  expect(asked.every(({ answer }) => answer.degraded.length === 0)).toBe(true);
  for (const caller of [...people, shared]) {
    const own = asked.filter((each) => each.caller.userId === caller.userId);
    const turns = await nginx.history(caller);
    const expected = own.map(({ question, answer }) => [answer.request_id, question, answer.response]);
    const stored = turns.map((turn) => [turn.request_id, turn.question, turn.answer]);
    expect(stored.sort()).toEqual(expected.sort());
  }
  const requestIds = asked.map(({ answer }) => answer.request_id).sort();
  const readRows = async () =>
    (await database<{ id: string }[]>`SELECT id FROM chat_interactions`).map(({ id }) => id).sort();
  await expect.poll(readRows, { timeout: 20_000 }).toEqual(requestIds);
});

test('a retry that nginx makes is the same request: it consumes nothing and keeps its id and session', async () => {
  gemini.setScript({ latencyMs: 1000 });
  const asking = Array.from({ length: 9 }, (_, index) =>
    nginx.ask('How do I connect to eduroam?', { fields: { user_role: index % 2 ? 'student' : 'employee' } }),
  );
  await expect.poll(() => gemini.openCalls()).toBeGreaterThan(0);
  await stack.replicas()[1]?.kill();
  const answers = await Promise.all(asking);
  expect(new Set(answers.map(({ request_id }) => request_id)).size).toBe(9);
  for (const { session_id, request_id } of answers) {
    const [turn, ...more] = await nginx.history({ userId: 'anonymous', sessionId: session_id });
    expect(turn?.request_id).toBe(request_id);
    expect(more).toEqual([]);
  }
});
