import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GeminiServer, startGeminiServer } from '../gemini-server/gemini-server.ts';
import { type ChatReply, createApiClient } from './api-client.ts';
import { canteenQuestion } from './canteen-question.ts';
import { startTestStack, type TestStack } from './stack.ts';

const tokensPerDay = 60_000;
const questions = 2_000;
/** As many as the replicas answer at once on a small machine. */
const askers = 60;

let gemini: GeminiServer;
let stack: TestStack;

beforeAll(async () => {
  gemini = await startGeminiServer();
  stack = await startTestStack({
    geminiUrl: gemini.url,
    env: {
      MODEL_DAILY_TOKEN_BUDGET: String(tokensPerDay),
      GEMINI_MAX_TOKENS: '200',
    },
  });
});
afterAll(async () => {
  await stack?.stop();
  await gemini?.close();
});

test('2,000 questions over three replicas never spend more than the budget of the day', async () => {
  const clients = stack.replicas().map(({ url }) => createApiClient(url));
  const replies: ChatReply[] = [];
  let next = 0;
  const askOn = async () => {
    while (next < questions) {
      const number = next;
      next += 1;
      const client = clients[number % clients.length];
      if (client) replies.push(await client.ask(canteenQuestion(number)));
    }
  };
  await Promise.all(Array.from({ length: askers }, askOn));

  const tokens = gemini.calls().reduce((sum, call) => sum + call.tokens, 0);
  expect(tokens).toBeLessThanOrEqual(tokensPerDay);
  // What is left is less than the most that one answer may cost, so that it is spent but for that.
  expect(tokens).toBeGreaterThan(tokensPerDay / 2);
  const byModel = replies.filter(({ answered_by }) => answered_by === 'model');
  const byKnowledge = replies.filter(({ answered_by }) => answered_by === 'knowledge_base');
  expect(replies).toHaveLength(questions);
  expect(byModel.every(({ degraded }) => degraded.length === 0)).toBe(true);
  expect(byKnowledge.length).toBeGreaterThan(0);
  expect(new Set(byKnowledge.flatMap(({ degraded }) => degraded))).toEqual(new Set(['budget']));
});
