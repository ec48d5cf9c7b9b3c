import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Load, startLoad } from './load.ts';
import { postJson } from './send.ts';
import { startTestStack, type TestStack } from './stack.ts';

let stack: TestStack;
let load: Load;

beforeAll(async () => {
  stack = await startTestStack({ replicas: 2, knowledgeBasePath: 'test/fixtures/launcher-knowledge.md' });
});
afterAll(() => stack.stop());

const ask = () => postJson(stack.nginx.url, '/api/chat', { message: 'What is the launcher for?' });

test('replicas come and go under load without a failed request', async () => {
  load = startLoad(ask, { inFlight: 8 });
  await load.reach(100);
  await stack.scale(3);
  await load.reach(300);
  await stack.scale(1);
  const { failures, replicas } = await load.stop();
  expect(failures).toEqual([]);
  expect([...replicas].sort()).toEqual(['replica-1', 'replica-2', 'replica-3']);

  const alone = await ask();
  expect(alone.headers['x-replica']).toBe('replica-1');
});

test('a replica killed under load costs no request', async () => {
  await stack.scale(2);
  const [, victim] = stack.replicas();
  load = startLoad(ask, { inFlight: 8 });
  await load.reach(50);
  await victim?.kill();
  await load.reach(200);
  await victim?.start();
  await load.reach(300);
  expect((await load.stop()).failures).toEqual([]);
});

test('stores can stop and come back with their data, on the same addresses', async () => {
  for (const store of [stack.redis, stack.postgres, stack.chroma]) {
    const before = store.pid();
    await store.restart();
    expect(store.pid()).not.toBe(before);
  }
  expect(await ask()).toMatchObject({ status: 200 });
});
