import type { KnowledgeSignal } from '../../domain/knowledge/knowledge-store.ts';
import { knowledgeActiveKey, knowledgeServedKey, knowledgeServedTtlSeconds } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';

export function createRedisKnowledgeSignal(connection: Pick<RedisConnection, 'run'>): KnowledgeSignal {
  return {
    findActiveVersion: () =>
      connection.run(async (redis) => {
        const version = Number(await redis.get(knowledgeActiveKey));
        return Number.isInteger(version) && version > 0 ? version : undefined;
      }),
    async publishActiveVersion(version) {
      await connection.run((redis) => redis.set(knowledgeActiveKey, version));
    },
    async markServed(version) {
      await connection.run((redis) =>
        redis.set(knowledgeServedKey(version), 1, 'EX', knowledgeServedTtlSeconds),
      );
    },
    async findServed(versions) {
      const found = await Promise.all(
        versions.map((version) => connection.run((redis) => redis.exists(knowledgeServedKey(version)))),
      );
      return versions.filter((_version, position) => found[position] === 1);
    },
  };
}
