import { afterAll, beforeAll, expect, test } from 'vitest';
import { leaveForGood, slowModel } from '../benchmarks/absent-clients.ts';
import { collectableEnv } from '../benchmarks/replica-figures.ts';
import { type GeminiServer, startGeminiServer } from '../gemini-server/gemini-server.ts';
import { startTestStack, type TestStack } from './stack.ts';

let gemini: GeminiServer;
let stack: TestStack;

beforeAll(async () => {
  gemini = await startGeminiServer({ script: slowModel });
  stack = await startTestStack({ geminiUrl: gemini.url, env: collectableEnv });
});

afterAll(async () => {
  await stack?.stop();
  await gemini?.close();
});

test('200 clients that leave their streams for good leave nothing behind', async () => {
  // Code that is compiled and connections that are opened on the way are no leak.
  await leaveForGood(stack, gemini, { clients: 100, firstQuestion: 0 });
  const report = await leaveForGood(stack, gemini, { clients: 200, firstQuestion: 100 });

  expect(report).toMatchObject({ calls: 200, completedCalls: 0, requestsInFlight: 0, answersInFlight: 0 });
  expect(report.untilClosedMs).toBeGreaterThan(14_000);
  expect(report.untilClosedMs).toBeLessThan(18_000);
  expect(report.heapBytesAfter).toBeLessThan(1.1 * report.heapBytesBefore);
});
