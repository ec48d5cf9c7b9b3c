import type { EmbeddingCache } from '../../domain/retrieval/embedding-cache.ts';
import { embeddingKey, embeddingTtlSeconds } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';
import { runScript } from './scripts.ts';

/** Share of Redis' memory up to which embeddings are kept: a day of them must not crowd out sessions, which nothing evicts. */
const largestShare = 0.6;

export function createRedisEmbeddingCache(connection: RedisConnection): EmbeddingCache {
  return {
    find: (key) =>
      connection.run(async (redis) => {
        const text = await redis.get(embeddingKey(key));
        return text === null ? undefined : parseEmbedding(text);
      }),
    async save(key, embedding) {
      const text = formatEmbedding(embedding);
      await connection.run((redis) =>
        runScript(redis, 'save-embedding', [embeddingKey(key)], [text, embeddingTtlSeconds, largestShare]),
      );
    },
  };
}

/** 32-bit floats, the providers' own precision, in less than half of their size as JSON. */
function formatEmbedding(embedding: readonly number[]): string {
  return Buffer.from(Float32Array.from(embedding).buffer).toString('base64');
}

export function parseEmbedding(text: string): number[] {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  return Array.from(new Float32Array(bytes.buffer));
}
