import { createHmac } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRedisChatStore } from '../../../src/adapters/redis/chat-store.ts';
import { createKeys } from '../../../src/adapters/redis/keys.ts';
import { createRedisPersonalData } from '../../../src/adapters/redis/personal-data.ts';
import { createRedisConnection, type RedisConnection } from '../../../src/adapters/redis/redis-connection.ts';
import { createRedisReplyStream } from '../../../src/adapters/redis/reply-stream.ts';
import { createRedisSessionStore } from '../../../src/adapters/redis/session-store.ts';
import type { ChatAnswer } from '../../../src/domain/chat/chat-answer.ts';
import type { ChatStore } from '../../../src/domain/chat/chat-store.ts';
import type { SessionKey, SessionStore } from '../../../src/domain/sessions/session-store.ts';
import type { DataSubject, PersonalData } from '../../../src/domain/statistics/data-subject.ts';
import { startRedis, type TestServer } from '../../fixtures/start-servers.ts';

const keys = createKeys((text) => createHmac('sha256', 'salt').update(text).digest('base64url').slice(0, 22));

let server: TestServer;
let redis: Redis;
let connection: RedisConnection;
let chats: ChatStore;
let sessions: SessionStore;
let personalData: PersonalData<number>;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});

beforeEach(async () => {
  await redis.flushall();
  connection = createRedisConnection({ url: server.url });
  await connection.settle(2000);
  const shared = { connection, keys, sessionTtlSeconds: 600 };
  chats = createRedisChatStore({
    ...shared,
    eventLimit: 10,
    serializeEvent: JSON.stringify,
    onEventRefused: () => {},
  });
  sessions = createRedisSessionStore(shared);
  personalData = createRedisPersonalData({
    connection,
    keys,
    namesOf: ({ userId }) => [`hash of ${userId}`],
    settleMs: 10,
  });
});

afterEach(() => connection.close());

afterAll(async () => {
  redis.disconnect();
  await server.remove();
});

const user = 'ga12abc';
const secret = 'my own question';
const ada = { userId: user, sessionId: 'first' };

async function open(caller: SessionKey, name: string): Promise<void> {
  await chats.open({
    claim: { ...caller, key: name },
    requestId: name,
    generation: `generation-${name}`,
    bodyHash: 'body',
    historyTurns: 6,
  });
  const request = { message: secret, remember: true, history: [{ question: secret, answer: secret }] };
  await chats.findCached({ owner: name, kept: { claim: { ...caller, key: name }, request } });
  await createRedisReplyStream(connection).append(`generation-${name}`, [{ type: 'text', text: secret }]);
}

function close(caller: SessionKey, name: string, isRemembered = true): Promise<boolean> {
  const answer: ChatAnswer = {
    requestId: name,
    sessionId: caller.sessionId,
    response: secret,
    sources: [],
    confidence: 'high',
    answeredBy: 'model',
    cached: false,
    searchMethod: 'hybrid',
    searchTimeMs: 1,
    degraded: [],
    answeredAt: new Date(1000),
  };
  return chats.close({
    claim: { ...caller, key: name },
    requestId: name,
    generation: `generation-${name}`,
    answer,
    sessionStartedAt: undefined,
    turn: isRemembered
      ? { requestId: name, question: secret, answer: secret, answeredAt: new Date(1000) }
      : undefined,
    audience: {},
    askedForAudience: false,
    event: undefined,
  });
}

/** Everything that Redis holds, but for the tombstones. */
async function held(): Promise<string[]> {
  const names = await redis.keys('*');
  return names.filter((name) => !name.startsWith('erased:')).sort();
}

const foundOf = async (subject: DataSubject) => (await personalData.search(subject)).found;

describe('a user who is erased leaves nothing of', () => {
  test('a chat that keeps no session', async () => {
    await open({ userId: user, sessionId: 'made-up' }, 'request-1');
    await close({ userId: user, sessionId: 'made-up' }, 'request-1', false);
    expect(await foundOf({ userId: user })).not.toEqual([]);
    expect(await personalData.erase({ userId: user })).toBe(0);
    expect(await held()).toEqual([]);
  });

  test('a session that was ended, nor of a chat in it afterwards', async () => {
    await open(ada, 'request-1');
    await close(ada, 'request-1');
    await open(ada, 'request-2');
    await sessions.end(ada);
    await close(ada, 'request-2');
    await open(ada, 'request-3');
    await close(ada, 'request-3');
    await personalData.erase({ userId: user });
    expect(await held()).toEqual([]);
  });

  test('what was agreed on for a retry', async () => {
    await sessions.agreeOnId('purpose', { sessionId: 'first', bodyHash: 'hash' }, user);
    await sessions.start(ada, {});
    await sessions.end(ada);
    const again = await sessions.agreeOnId('purpose', { sessionId: 'other', bodyHash: 'hash' }, user);
    expect(again.sessionId).toBe('first');
    await personalData.erase({ userId: user });
    expect(await held()).toEqual([]);
  });

  test('a reply whose session was ended while it was written', async () => {
    await open(ada, 'request-1');
    await sessions.end(ada);
    await createRedisReplyStream(connection).append('generation-request-1', [{ type: 'text', text: secret }]);
    await personalData.erase({ userId: user });
    expect(await held()).toEqual([]);
  });

  test('an answer under way, which is told to stop and can no longer be closed', async () => {
    await open(ada, 'request-1');
    const stopped: string[] = [];
    const endWatch = chats.onStop((name) => stopped.push(name));
    await expect.poll(() => redis.pubsub('NUMSUB', 'chat:stop')).toEqual(['chat:stop', 1]);
    await personalData.erase({ userId: user });
    await expect.poll(() => stopped).toEqual([chats.claimName({ ...ada, key: 'request-1' })]);
    endWatch();
    const claim = { ...ada, key: 'request-1' };
    expect(await chats.renewLease(claim, 'generation-request-1')).toMatchObject({ stopRequested: true });
    expect(await chats.restart(claim, 'generation-request-1', 'generation-2')).toBe(false);
    expect(await close(ada, 'request-1')).toBe(false);
    expect(await held()).toEqual([]);
    expect(await foundOf({ userId: user })).toEqual([]);
  });
});

describe('an erasure', () => {
  test('touches nobody else, and lets the same person begin anew', async () => {
    const other = { userId: 'other1', sessionId: 'first' };
    for (const caller of [ada, other]) {
      await open(caller, `request-${caller.userId}`);
      await close(caller, `request-${caller.userId}`);
    }
    expect(await personalData.erase({ userId: user })).toBe(1);
    expect(await foundOf({ userId: user })).toEqual([]);
    expect(await sessions.findHistory(other)).toHaveLength(1);
    await open(ada, 'request-new');
    expect(await close(ada, 'request-new')).toBe(true);
    expect(await sessions.findHistory(ada)).toHaveLength(1);
  });

  test('of a session of somebody without a name leaves the others of that name', async () => {
    const mine = { userId: 'anonymous', sessionId: 'mine-0123456789.tag' };
    const theirs = { userId: 'anonymous', sessionId: 'theirs-0123456789.tag' };
    for (const caller of [mine, theirs]) {
      await open(caller, `request-${caller.sessionId.slice(0, 4)}`);
      await close(caller, `request-${caller.sessionId.slice(0, 4)}`);
    }
    expect(await foundOf(mine)).not.toEqual([]);
    expect(await personalData.erase(mine)).toBe(1);
    expect(await foundOf(mine)).toEqual([]);
    expect(await sessions.findHistory(theirs)).toHaveLength(1);
  });
});

describe('the search', () => {
  test('goes through every key in steps and names each kind of place', async () => {
    const pipeline = redis.pipeline();
    for (let i = 0; i < 1000; i += 1) pipeline.set(`other:${i}`, `text ${i}`);
    pipeline.set('kept:string', `asked by ${user}.`);
    pipeline.rpush('kept:list', ...Array.from({ length: 500 }, (_, i) => `row ${i}`), `of ${user}`);
    pipeline.hset('kept:hash', 'field', `"hash of ${user}"`);
    pipeline.xadd('statistics:events', '*', 'event', JSON.stringify({ userId: `hash of ${user}` }));
    pipeline.zadd('sets', 1, user);
    await pipeline.exec();
    const { records, found } = await personalData.search({ userId: user });
    expect(records).toBe(1005);
    expect(found.toSorted((one, other) => (one.place < other.place ? -1 : 1))).toEqual([
      { place: 'redis kept:*', records: 3 },
      { place: 'redis sets*', records: 1 },
      { place: 'redis statistics:*', records: 1 },
    ]);
  });

  test('takes no part of a longer word, nor an ordinary word, for a name', async () => {
    await redis.set('text:1', 'xga12abc ga12abcd');
    await redis.set('text:2', '{"confidence":"high"}');
    expect(await foundOf({ userId: user })).toEqual([]);
    expect(await foundOf({ userId: 'high' })).toEqual([]);
    await redis.set('text:3', '{"userId":"high"}');
    expect(await foundOf({ userId: 'high' })).toEqual([{ place: 'redis text:*', records: 1 }]);
  });
});
