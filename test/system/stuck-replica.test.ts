import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ServiceExit } from '../../infra/local/service.ts';
import { createApiClient } from './api-client.ts';
import { startTestStack, type TestStack } from './stack.ts';

const preload = fileURLToPath(new URL('../fixtures/stuck-by-word.mjs', import.meta.url));

let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack({ env: { NODE_OPTIONS: `--import ${preload}` } });
});

afterAll(() => stack?.stop());

test('a message that stops a replica stops one more and no third, and the stopped ones end and say why', async () => {
  const ends: { name: string; exit: ServiceExit }[] = [];
  for (const { name, onUnexpectedExit } of stack.replicas())
    onUnexpectedExit((exit) => ends.push({ name, exit }));
  const caller = { userId: 'ada', sessionId: 'test' };
  const headers = { 'Idempotency-Key': randomUUID() };
  const json = { message: 'wordthatstops' };

  const tries = await Promise.allSettled(
    stack
      .replicas()
      .map(({ url }) => createApiClient(url).send('POST', '/api/chat', { caller, headers, json })),
  );

  const replies = tries.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  expect(replies).toMatchObject([{ status: 503, body: { code: 'SERVICE_UNAVAILABLE' } }]);
  await expect.poll(() => ends, { timeout: 10_000 }).toHaveLength(2);
  expect(ends.map(({ exit }) => exit.signal)).toEqual(['SIGKILL', 'SIGKILL']);
  for (const { name } of ends) {
    expect(readFileSync(stack.logFile(name), 'utf8')).toContain('the event loop was stuck for 10 s');
  }
  const alive = stack.replicas().filter(({ name }) => !ends.some((end) => end.name === name));
  expect(alive).toHaveLength(1);
  for (const { url } of alive) expect((await createApiClient(url).ask('Hello')).response).not.toBe('');
});
