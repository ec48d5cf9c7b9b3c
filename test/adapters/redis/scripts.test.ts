import { readdirSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRedisConnection, type RedisConnection } from '../../../src/adapters/redis/redis-connection.ts';
import { runPipelineWithScripts } from '../../../src/adapters/redis/run-pipeline.ts';
import {
  addScript,
  readScript,
  runScript,
  type ScriptName,
  scriptNames,
} from '../../../src/adapters/redis/scripts.ts';
import { startRedis, type TestServer } from '../../fixtures/start-servers.ts';

interface ScriptCase {
  readonly keys: readonly string[];
  readonly values?: readonly (string | number)[];
  readonly prepare?: (redis: Redis) => Promise<unknown>;
  readonly reply: unknown;
  /** What it did, in a number that a second run would change. */
  readonly count?: (redis: Redis) => Promise<unknown>;
  readonly counted?: unknown;
}

const aTime = expect.any(Number);
const farMs = 99_999_999_999_999;
const runningClaim = (redis: Redis) =>
  redis.hset('claim', {
    body: 'b',
    requestId: 'r',
    generation: 'g',
    status: 'running',
    leaseUntil: 1,
    at: 7,
  });
const claimValues = ['b', 'r', 'g', 2000, 600, 'r', 's', 900, 900, 'reply:g'];

const cases: Record<ScriptName, ScriptCase> = {
  'abandon-generation': { prepare: runningClaim, keys: ['claim'], values: ['g', 'stopped'], reply: 1 },
  'acquire-answer': { keys: ['answer', 'lease'], values: ['owner', 3000], reply: ['acquired', ''] },
  'agree-on-session': {
    keys: ['agreed', 'requests', 'sessions'],
    values: ['{"sessionId":"s"}', 600, 's', 900, 900],
    reply: null,
  },
  'append-events': {
    keys: ['events'],
    values: [10, 'one', 'two'],
    reply: 1,
    count: (redis) => redis.xlen('events'),
    counted: 2,
  },
  'claim-request': {
    keys: ['claim', 'alias', 'requests', 'sessions'],
    values: claimValues,
    reply: ['owned', 'r', 'g', aTime, '0'],
    count: (redis) => redis.scard('requests'),
    counted: 2,
  },
  'close-chat': {
    prepare: runningClaim,
    keys: ['claim', 'meta', 'turns', 'ended', 'sessions', 'active', 'answer', 'events', 'user-gone', 'gone'],
    values: ['g', '{}', 600, '{}', 3600, '', '', '', 0, '{}', 10, '', 3600, 200, 's', 'meta', 3600],
    reply: [1, 1, 1],
    count: (redis) =>
      Promise.all([redis.llen('turns'), redis.xlen('events'), redis.hget('meta', 'turnCount')]),
    counted: [1, 1, '1'],
  },
  'close-model': { keys: ['closed'], values: ['scope', 5000, 'channel'], reply: null },
  'consume-limits': {
    keys: ['seen', 'counter', 'log', 'places'],
    values: [1, 'request', 120, 6000, 1, 0, 10, 60_000, 1, 1, 5],
    reply: [1, aTime, 9, aTime, 0, 0],
    count: (redis) => Promise.all([redis.get('counter'), redis.hget('log', 'total'), redis.zcard('places')]),
    counted: ['1', '1', 1],
  },
  'count-active-sessions': {
    prepare: (redis) => redis.zadd('active', 1, 'expired', farMs, 'live'),
    keys: ['active'],
    reply: 1,
  },
  'count-model-call': { keys: ['budget'], reply: 1, count: (redis) => redis.get('budget'), counted: '1' },
  'end-session': {
    prepare: (redis) => redis.hset('meta', 'startedAt', '7'),
    keys: ['meta', 'turns', 'ended', 'sessions', 'active', 'requests'],
    values: ['s', 700, 900, 'meta'],
    reply: ['startedAt', '7'],
  },
  'give-up-answer': {
    prepare: (redis) => redis.set('lease', 'owner'),
    keys: ['lease'],
    values: ['owner', 1000],
    reply: 1,
    count: (redis) => redis.get('lease'),
    counted: 'uncacheable',
  },
  'judge-attempt': {
    keys: ['lockout'],
    values: [0, 1000, 60_000, 60_000],
    reply: ['refused', 1, 1000],
    count: (redis) => redis.hget('lockout', 'failures'),
    counted: '1',
  },
  'keep-question': {
    prepare: runningClaim,
    keys: ['claim'],
    values: ['{}'],
    reply: 1,
    count: (redis) => redis.hget('claim', 'request'),
    counted: '{}',
  },
  'leave-group': {
    prepare: async (redis) => {
      await redis.xgroup('CREATE', 'events', 'drain', '0', 'MKSTREAM');
      await redis.xgroup('CREATECONSUMER', 'events', 'drain', 'me');
    },
    keys: ['events'],
    values: ['drain', 'me'],
    reply: null,
    count: async (redis) => ((await redis.xinfo('CONSUMERS', 'events', 'drain')) as unknown[]).length,
    counted: 0,
  },
  'list-closed-models': {
    prepare: (redis) => redis.zadd('closed', 1, 'open again', farMs, 'scope'),
    keys: ['closed'],
    reply: [expect.stringMatching(/^\d+ scope$/)],
  },
  'note-reader': { keys: ['claim'], reply: 1 },
  'renew-answer-lease': { keys: ['lease'], values: ['owner', 1000], reply: 1 },
  'renew-lease': {
    prepare: runningClaim,
    keys: ['claim', 'user-gone', 'gone'],
    values: ['g', 2000],
    reply: [1, 0, -1],
  },
  'renew-places': { keys: ['one', 'two'], values: [6000, 'a', 'b'], reply: 2 },
  'request-stop': { prepare: runningClaim, keys: ['claim'], reply: 1 },
  'restart-generation': {
    prepare: runningClaim,
    keys: ['claim', 'requests', 'user-gone', 'gone'],
    values: ['g', 'h', 2000, 900, 'reply:h'],
    reply: 1,
    count: (redis) => redis.hget('claim', 'generation'),
    counted: 'h',
  },
  'save-embedding': { keys: ['embedding'], values: ['text', 600, 0.6], reply: 1 },
  'start-session': {
    keys: ['meta', 'turns', 'ended', 'sessions', 'active'],
    values: [600, 'student', '', 's', 'meta', 900],
    reply: [
      'startedAt',
      expect.stringMatching(/^\d{13}$/),
      'lastActiveAt',
      expect.stringMatching(/^\d{13}$/),
    ].concat(['role', 'student']),
  },
};

let server: TestServer;
let connection: RedisConnection;

beforeAll(async () => {
  server = await startRedis();
});

beforeEach(async () => {
  connection = createRedisConnection({ url: server.url });
  await connection.settle(2000);
});

afterEach(() => connection.close());

afterAll(() => server.remove());

const inRedis = <T>(work: (redis: Redis) => Promise<T>) => connection.run(work);

async function prepare({ prepare: work }: ScriptCase): Promise<void> {
  await inRedis((redis) => redis.flushall());
  if (work) await inRedis(work);
}

async function expectOnce({ count, counted }: ScriptCase): Promise<void> {
  if (count) expect(await inRedis(count)).toEqual(counted);
}

const call = (name: ScriptName) =>
  inRedis((redis) => runScript(redis, name, cases[name].keys, cases[name].values));

async function countCalls(command: string): Promise<number> {
  const statistics = await inRedis((redis) => redis.info('commandstats'));
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(statistics)?.[1] ?? 0);
}

describe.each(scriptNames)('%s', (name) => {
  const each = cases[name];

  test('does its work once, whether the server knows it or has forgotten it', async () => {
    await prepare(each);
    expect(await call(name)).toEqual(each.reply);
    await expectOnce(each);
    for (const isForgotten of [false, true, true]) {
      await prepare(each);
      if (isForgotten) await inRedis((redis) => redis.script('FLUSH'));
      expect(await call(name)).toEqual(each.reply);
      await expectOnce(each);
    }
  });

  test('does its work once in a pipeline whose server has forgotten it, and so do the others', async () => {
    await prepare(each);
    await call(name);
    await prepare(each);
    await inRedis((redis) => redis.script('FLUSH'));
    const replies = await inRedis((redis) => {
      const pipeline = redis.pipeline().incr('before');
      const script = addScript(pipeline, name, each.keys, each.values);
      return runPipelineWithScripts(redis, pipeline.incr('after'), [script]);
    });
    expect(replies).toEqual([1, each.reply, 1]);
    await expectOnce(each);
  });

  test('is forgotten between two of its calls in one pipeline', async () => {
    await prepare(each);
    const replies = await inRedis((redis) => {
      const pipeline = redis.pipeline();
      const first = addScript(pipeline, 'note-reader', ['nothing']);
      pipeline.script('FLUSH');
      const forgotten = addScript(pipeline, name, each.keys, each.values);
      const last = addScript(pipeline, 'note-reader', ['nothing']);
      return runPipelineWithScripts(redis, pipeline, [first, forgotten, last]);
    });
    expect(replies).toEqual([1, 'OK', each.reply, 1]);
    await expectOnce(each);
  });
});

test('a text is sent once, and its hash from then on', async () => {
  await inRedis((redis) => redis.script('FLUSH'));
  await inRedis((redis) => redis.config('RESETSTAT'));
  for (let i = 0; i < 20; i += 1) await call('count-model-call');
  expect(await countCalls('eval')).toBe(1);
  expect(await countCalls('evalsha')).toBe(20);
});

test('an error of another command fails the pipeline, and of the script too', async () => {
  await inRedis((redis) => redis.set('text', ''));
  const send = (key: string, other: string) =>
    inRedis((redis) => {
      const pipeline = redis.pipeline();
      const script = addScript(pipeline, 'count-model-call', [key]);
      return runPipelineWithScripts(redis, pipeline.llen(other), [script]);
    });
  await expect(send('budget', 'text')).rejects.toThrow('WRONGTYPE');
  await inRedis((redis) => redis.rpush('list', 'element'));
  await inRedis((redis) => redis.script('FLUSH'));
  await expect(send('list', 'list')).rejects.toThrow('WRONGTYPE');
  await expect(send('list', 'list')).rejects.toThrow('WRONGTYPE');
});

test('calls under way together all succeed after the server forgot the script', async () => {
  await inRedis((redis) => redis.flushall());
  await call('count-model-call');
  await inRedis((redis) => redis.script('FLUSH'));
  const counts = await Promise.all(Array.from({ length: 50 }, () => call('count-model-call')));
  expect(counts.toSorted((a, b) => Number(a) - Number(b))).toEqual(counts.map((_, index) => index + 2));
});

test('every script does its work on a server that started anew', async () => {
  for (const name of scriptNames) {
    await prepare(cases[name]);
    await call(name);
  }
  await server.stop();
  await server.start();
  // Until then the connection has to notice that it was cut.
  await expect.poll(() => call('note-reader').catch(() => undefined), { timeout: 10_000 }).toBe(1);
  for (const name of scriptNames) {
    await prepare(cases[name]);
    expect(await call(name)).toEqual(cases[name].reply);
    await expectOnce(cases[name]);
  }
});

test('each file is one script, says what its keys are, and has its shared parts in it once', () => {
  const folder = new URL('../../../src/adapters/redis/scripts/', import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith('.lua'));
  expect(files.toSorted()).toEqual(scriptNames.map((name) => `${name}.lua`).toSorted());
  for (const name of scriptNames) {
    const text = readScript(name);
    expect(text, name).toMatch(/^--\[\[\n[^\]]*KEYS/);
    expect(text, name).not.toContain('@include');
    const defined = [...text.matchAll(/^local function (\w+)/gm)].map(([, each]) => each);
    expect(new Set(defined).size, name).toBe(defined.length);
  }
});
