import { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import { createRedisAnswerCache } from '../../src/adapters/redis/answer-cache.ts';
import { createRedisChatStore } from '../../src/adapters/redis/chat-store.ts';
import { createKeys } from '../../src/adapters/redis/keys.ts';
import { createRedisConnection } from '../../src/adapters/redis/redis-connection.ts';
import { createRedisReplyStream } from '../../src/adapters/redis/reply-stream.ts';
import { createRedisSessionStore } from '../../src/adapters/redis/session-store.ts';
import { createMemoryChatState } from '../fakes/memory-chat-state.ts';
import { startRedis, type TestServer } from '../fixtures/start-servers.ts';
import { type ChatState, describeChatState } from './chat-state.contract.ts';

const keys = createKeys((text) => Buffer.from(text).toString('base64url'));
const sessionTtlSeconds = 600;

let server: TestServer;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});

afterAll(async () => {
  redis.disconnect();
  await server.remove();
});

async function openRedisState(): Promise<ChatState> {
  await redis.flushall();
  const connection = createRedisConnection({ url: server.url });
  await connection.settle(2000);
  return {
    chatStore: createRedisChatStore({
      connection,
      keys,
      sessionTtlSeconds,
      eventLimit: 10,
      serializeEvent: JSON.stringify,
      onEventRefused: () => {},
    }),
    sessionStore: createRedisSessionStore({ connection, keys, sessionTtlSeconds }),
    answerCache: createRedisAnswerCache(connection),
    replyStream: createRedisReplyStream(connection),
    expireLease: (claim) => redis.hset(keys.request(claim), 'leaseUntil', 1),
    forget: () => redis.flushall(),
    close: () => connection.close(),
  };
}

describeChatState('in Redis', openRedisState);
describeChatState('in memory', async () => ({ ...createMemoryChatState(), close: () => {} }));
