import type { ChatAnswer } from '../../domain/chat/chat-answer.ts';
import type { AnswerCache, EmbeddingCache } from '../../domain/ports/answer-cache.ts';
import { answerKey, answerLeaseKey, embeddingKey, embeddingTtlSeconds } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';

/** KEYS lease. ARGV owner, leaseMs. Reply: 1 if the owner holds the lease now; holding it already renews it. */
const acquireScript = `
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`;

/** KEYS lease. ARGV owner. */
const releaseScript = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
`;

export function createRedisAnswerCache(connection: RedisConnection): AnswerCache {
  return {
    find: (key) =>
      connection.run(async (redis) => {
        const text = await redis.get(answerKey(key));
        if (text === null) return undefined;
        const answer = JSON.parse(text) as ChatAnswer;
        return { ...answer, answeredAt: new Date(answer.answeredAt) };
      }),
    acquire: (key, owner, leaseMs) =>
      connection.run(
        async (redis) => (await redis.eval(acquireScript, 1, answerLeaseKey(key), owner, leaseMs)) === 1,
      ),
    async release(key, owner) {
      await connection.run((redis) => redis.eval(releaseScript, 1, answerLeaseKey(key), owner));
    },
  };
}

export function createRedisEmbeddingCache(connection: RedisConnection): EmbeddingCache {
  return {
    find: (key) =>
      connection.run(async (redis) => {
        const text = await redis.get(embeddingKey(key));
        return text === null ? undefined : (JSON.parse(text) as number[]);
      }),
    async save(key, embedding) {
      const text = JSON.stringify(embedding);
      await connection.run((redis) => redis.set(embeddingKey(key), text, 'EX', embeddingTtlSeconds));
    },
  };
}
