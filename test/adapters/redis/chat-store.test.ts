import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRedisChatStore } from '../../../src/adapters/redis/chat-store.ts';
import { createKeys } from '../../../src/adapters/redis/keys.ts';
import { createRedisConnection, type RedisConnection } from '../../../src/adapters/redis/redis-connection.ts';
import { createRedisSessionStore } from '../../../src/adapters/redis/session-store.ts';
import type { ChatAnswer } from '../../../src/domain/chat/chat-answer.ts';
import type { ChatStore, CloseChat, OpenChat } from '../../../src/domain/chat/chat-store.ts';
import type { SessionStore } from '../../../src/domain/sessions/session-store.ts';
import { startRedis, type TestServer } from '../../fixtures/start-servers.ts';

const sessionTtlSeconds = 600;
const keys = createKeys((text) => Buffer.from(text).toString('base64url'));

let server: TestServer;
let redis: Redis;
let connection: RedisConnection;
let store: ChatStore;
let sessions: SessionStore;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});

beforeEach(async () => {
  await redis.flushall();
  connection = createRedisConnection({ url: server.url });
  await connection.settle(2000);
  store = createRedisChatStore({
    connection,
    keys,
    sessionTtlSeconds,
    eventLimit: 10,
    serializeEvent: JSON.stringify,
    onEventRefused: () => {},
  });
  sessions = createRedisSessionStore({ connection, keys, sessionTtlSeconds });
});

afterEach(() => connection.close());

afterAll(async () => {
  redis.disconnect();
  await server.remove();
});

const caller = { userId: 'ada', sessionId: 'test' };
const claim = (key = 'request-1') => ({ ...caller, key });

const openingOf = (more: Partial<OpenChat> = {}): OpenChat => ({
  claim: claim(more.requestId),
  requestId: 'request-1',
  generation: 'generation-1',
  bodyHash: 'body',
  historyTurns: 6,
  ...more,
});

const answerOf = (requestId: string, response = 'Hi'): ChatAnswer => ({
  requestId,
  sessionId: caller.sessionId,
  response,
  sources: [],
  confidence: 'high',
  answeredBy: 'model',
  cached: false,
  searchMethod: 'hybrid',
  searchTimeMs: 1,
  degraded: [],
  answeredAt: new Date(1000),
});

const closingOf = (requestId = 'request-1', more: Partial<CloseChat> = {}): CloseChat => ({
  claim: claim(requestId),
  requestId,
  generation: 'generation-1',
  answer: answerOf(requestId),
  sessionStartedAt: undefined,
  turn: { requestId, question: 'Hello', answer: 'Hi', answeredAt: new Date(1000) },
  audience: {},
  askedForAudience: false,
  event: undefined,
  ...more,
});

const stateOf = async (opening: OpenChat) => (await store.open(opening)).claim;

describe('a claim', () => {
  test('whose question only the client has keeps the hash of it alone', async () => {
    await store.open(openingOf());
    expect(await store.find(claim())).toMatchObject({ claim: { state: 'following' }, request: undefined });
    expect(JSON.stringify(await redis.hgetall(keys.request(claim()))).length).toBeLessThan(500);
    expect(await stateOf(openingOf({ bodyHash: 'other' }))).toEqual({
      state: 'conflict',
    });
  });

  test('that is gone keeps no question', async () => {
    await store.findCached({
      owner: 'x',
      kept: { claim: claim(), request: { message: 'Hello', remember: true } },
    });
    expect(await redis.exists(keys.request(claim()))).toBe(0);
  });

  test('tells every replica of a stop', async () => {
    const heard = new Promise<string>((resolve) => {
      const stopWatching = store.onStop((name) => {
        stopWatching();
        resolve(name);
      });
    });
    await store.open(openingOf());
    await expect.poll(() => redis.pubsub('NUMSUB', 'chat:stop')).toEqual(['chat:stop', 1]);
    await store.requestStop(claim());
    expect(await heard).toBe(store.claimName(claim()));
  });
});

describe('a session', () => {
  const chat = async (number: number, more: Partial<CloseChat> = {}) => {
    const requestId = `request-${number}`;
    const { session } = await store.open(openingOf({ requestId }));
    return store.close(closingOf(requestId, { sessionStartedAt: session?.startedAt, ...more }));
  };

  test('lives on with each answer', async () => {
    await chat(1);
    const lives = () =>
      Promise.all([keys.sessionMeta(caller), keys.sessionTurns(caller)].map((key) => redis.ttl(key)));
    await redis.expire(keys.sessionMeta(caller), 5);
    await redis.expire(keys.sessionTurns(caller), 5);
    await chat(2);
    expect(Math.min(...(await lives()))).toBeGreaterThan(sessionTtlSeconds - 5);
    expect(await sessions.countActive()).toBe(1);
  });

  test('is exported with its user', async () => {
    await chat(1);
    await store.open(openingOf({ requestId: 'request-2' }));
    expect(await sessions.exportUser('ada')).toMatchObject([
      { sessionId: 'test', turns: [{ question: 'Hello' }] },
    ]);
  });
});
