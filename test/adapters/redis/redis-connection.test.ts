import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  createRedisConnection,
  type RedisConnection,
  type RedisConnectionOptions,
} from '../../../src/adapters/redis/redis-connection.ts';
import { startRedis, type TestServer } from '../../fixtures/start-servers.ts';

let server: TestServer;
let connections: RedisConnection[] = [];

beforeAll(async () => {
  server = await startRedis();
});

afterEach(async () => {
  for (const connection of connections) connection.close();
  connections = [];
  server.resume();
  await server.start();
});

afterAll(() => server.remove());

async function open(options: Partial<RedisConnectionOptions> = {}): Promise<RedisConnection> {
  const connection = createRedisConnection({ url: server.url, ...options });
  connections.push(connection);
  await connection.settle(2000);
  return connection;
}

const timed = async (work: () => Promise<unknown>) => {
  const startedAtMs = performance.now();
  const outcome = await work().then(
    () => 'answered',
    ({ name, dependency }) => `${name} ${dependency}`,
  );
  return { outcome, durationMs: performance.now() - startedAtMs };
};
const out = 'DependencyError redis';

test('an error that a server replies with names no argument of the command, which may be a person’s text', async () => {
  const causes: unknown[] = [];
  const connection = await open({ onStateChange: (_isUp, cause) => void causes.push(cause) });
  const text = 'Where is the library?';
  const refused = async (work: () => Promise<unknown>) => inspect(await work().catch((error) => error));
  expect(await refused(() => connection.run((redis) => redis.call('HSET', text)))).not.toContain(text);

  const admin = connection.duplicate();
  await expect.poll(() => admin.status).toBe('ready');
  await admin.config('SET', 'maxmemory', '1');
  try {
    const write = () => connection.run((redis) => redis.set('question', text));
    expect(await refused(write)).not.toContain(text);
    expect(inspect(causes)).toContain('OOM');
    expect(inspect(causes)).not.toContain(text);
  } finally {
    await admin.config('SET', 'maxmemory', '0');
    admin.disconnect();
  }
});

test('a server that is full and evicts nothing is out, without coming and going, until it takes writes', async () => {
  const changes: boolean[] = [];
  const connection = await open({ onStateChange: (isUp) => void changes.push(isUp) });
  const admin = connection.duplicate();
  await expect.poll(() => admin.status).toBe('ready');
  expect((await timed(connection.ping)).outcome).toBe('answered');
  await admin.config('SET', 'maxmemory', '1');
  try {
    expect((await timed(connection.ping)).outcome).toBe(out);
    await sleep(1500);
    expect(connection.isUp()).toBe(false);
    expect(changes).toEqual([false]);
  } finally {
    await admin.config('SET', 'maxmemory', '0');
  }
  await expect.poll(connection.isUp).toBe(true);
  expect((await timed(connection.ping)).outcome).toBe('answered');
  admin.disconnect();
});

describe.each([
  ['killed', () => server.kill()],
  ['frozen', async () => server.pause()],
] as const)('a server that is %s', (_, breakServer) => {
  test('costs its limit once, then nothing, and is used again when it is back', async () => {
    const changes: boolean[] = [];
    const connection = await open({ onStateChange: (isUp) => void changes.push(isUp) });
    const ping = () => connection.run((redis) => redis.ping());
    expect(await timed(ping)).toMatchObject({ outcome: 'answered' });

    await breakServer();
    const first = await Promise.all(Array.from({ length: 20 }, () => timed(ping)));
    expect(first.every(({ outcome }) => outcome === out)).toBe(true);
    const later = await Promise.all(Array.from({ length: 20 }, () => timed(ping)));
    expect(later.every(({ outcome }) => outcome === out)).toBe(true);
    expect(Math.max(...later.map(({ durationMs }) => durationMs))).toBeLessThan(100);
    expect(connection.isUp()).toBe(false);

    server.resume();
    await server.start();
    await expect.poll(async () => (await timed(ping)).outcome, { timeout: 10_000 }).toBe('answered');
    expect(changes).toEqual([false, true]);
  });
});

test('a server that is away at the start is found later', async () => {
  await server.kill();
  const startedAtMs = performance.now();
  const connection = await open();
  expect(performance.now() - startedAtMs).toBeLessThan(4000);
  expect(connection.isUp()).toBe(false);
  await server.start();
  await expect.poll(() => connection.isUp(), { timeout: 10_000 }).toBe(true);
});

test('a server that answers a slow start within its second is no outage', async () => {
  const changes: boolean[] = [];
  server.pause();
  const opening = open({ onStateChange: (isUp) => void changes.push(isUp) });
  await sleep(700);
  server.resume();
  const connection = await opening;
  expect(await timed(() => connection.ping())).toMatchObject({ outcome: 'answered' });
  expect(changes).toEqual([]);
});

test('a command that is called wrong is a bug, and no outage', async () => {
  const connection = await open();
  await expect(connection.run((redis) => redis.call('NOSUCHCOMMAND'))).rejects.toThrow(/unknown command/);
  expect(connection.isUp()).toBe(true);
});
