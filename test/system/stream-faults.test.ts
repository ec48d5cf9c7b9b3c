import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GeminiServer, startGeminiServer } from '../gemini-server/gemini-server.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { canteenQuestion } from './canteen-question.ts';
import { askCarefully } from './careful-client.ts';
import { startTestStack, type TestStack } from './stack.ts';

let gemini: GeminiServer;
let stack: TestStack;
let nginx: ApiClient;
let database: postgres.Sql;

beforeAll(async () => {
  gemini = await startGeminiServer({ script: { chunks: 30, chunkDelayMs: 400 } });
  stack = await startTestStack({ geminiUrl: gemini.url });
  nginx = createApiClient(stack.nginx.url);
  database = postgres(stack.postgres.url, { max: 1 });
});

afterAll(async () => {
  await database?.end();
  await stack?.stop();
  await gemini?.close();
});

test('with 60 streams open, a replica that is killed costs nobody an answer and doubles none', async () => {
  const questions = Array.from({ length: 60 }, (_, index) => canteenQuestion(index));
  const firstReplicas = new Map<string, string>();
  const asking = questions.map((question, index) =>
    askCarefully(nginx, {
      question,
      caller: { userId: `reader-${index}`, sessionId: 'own' },
      onConnected: (replica) => firstReplicas.set(question, firstReplicas.get(question) ?? replica),
    }),
  );
  await expect.poll(() => firstReplicas.size, { timeout: 30_000, interval: 10 }).toBe(questions.length);
  const [victim] = stack.replicas();
  await victim?.kill();
  const answers = await Promise.all(asking);

  const broken = answers.filter(({ connections }) => connections > 1);
  expect(broken.length).toBeGreaterThan(questions.length / 6);
  expect(broken.every(({ question }) => firstReplicas.get(question) === victim?.name)).toBe(true);
  // A new writer begins anew, and says so; whoever lost nothing hears nothing of it.
  expect(answers.filter(({ connections, restarts }) => connections === 1 && restarts > 0)).toEqual([]);
  for (const { caller, question, text, reply, sources } of answers) {
    expect(text).toBe(reply.response);
    expect(sources).toEqual(reply.sources);
    expect(await nginx.history(caller)).toMatchObject([
      { request_id: reply.request_id, question, answer: reply.response },
    ]);
  }
  const requestIds = answers.map(({ reply }) => reply.request_id).sort();
  const readRows = async () =>
    (await database<{ id: string }[]>`SELECT id FROM chat_interactions`).map(({ id }) => id).sort();
  await expect.poll(readRows, { timeout: 20_000 }).toEqual(requestIds);
});
