import { createChroma } from '../adapters/chroma/client.ts';
import { createChromaVectorIndex } from '../adapters/chroma/vector-index.ts';
import { createLocalEmbeddingModel } from '../adapters/local-embedding/embedding-model.ts';
import { createPostgres } from '../adapters/postgres/client.ts';
import { createPostgresKnowledgeStore } from '../adapters/postgres/knowledge-store.ts';
import { createRedisKnowledgeSignal } from '../adapters/redis/knowledge-signal.ts';
import { createRedisModelGate } from '../adapters/redis/model-gate.ts';
import { createRedisConnection, type RedisConnection } from '../adapters/redis/redis-connection.ts';
import type { Config } from '../config/parse-config.ts';
import type { Institution } from '../domain/institution.ts';
import type { PublishDeps } from '../domain/knowledge/publish-version.ts';
import { createVocabulary } from '../domain/language/vocabulary.ts';
import type { EmbeddingModel } from '../domain/models/embedding-model.ts';
import { createModelProvider } from './models.ts';

export interface KnowledgeStack extends PublishDeps {
  close(): Promise<void>;
}

/** An operator may wait longer for a look-up than a person who asks. */
const commandTimeoutMs = 10_000;
const redisSettleMs = 2000;

/** What the commands on the knowledge base need, without the rest of the service. */
export async function openKnowledgeStack(config: Config, institution: Institution): Promise<KnowledgeStack> {
  const { url, password } = config.postgres;
  const postgres = createPostgres({
    url,
    password: password && (() => password.read()),
    poolSize: 2,
    timeoutMs: commandTimeoutMs,
    applicationName: 'tum-chatbot-ingest',
  });
  const chroma = createChroma({ url: config.chroma.url, queryTimeoutMs: commandTimeoutMs });
  const redis = createRedisConnection({ url: config.redis.url, password: config.redis.password });
  await redis.settle(redisSettleMs);
  const { embeddingModel, close: closeModel } = createEmbeddingModel(config, institution, redis);
  return {
    store: createPostgresKnowledgeStore(postgres),
    signal: createRedisKnowledgeSignal(redis),
    vectorIndex: createChromaVectorIndex(chroma, { collectionName: config.chroma.collectionName }),
    embeddingModel,
    async close() {
      await closeModel();
      redis.close();
      chroma.close();
      await postgres.close();
    },
  };
}

function createEmbeddingModel(
  config: Config,
  institution: Institution,
  redis: RedisConnection,
): { embeddingModel: EmbeddingModel; close(): Promise<void> } {
  const gate = createRedisModelGate({
    redis,
    requestsPerMinute: config.models.requestsPerMinute,
    replicaCount: () => 1,
  });
  const provider = createModelProvider({ config, gate, onRefusedField: () => {} });
  const embeddingModel = provider?.embeddingModels.find(
    ({ name }) => name === config.knowledge.embeddingModel,
  );
  const closeProvider = async () => {
    provider?.close();
    gate.disconnect();
  };
  if (embeddingModel) return { embeddingModel, close: closeProvider };
  const local = createLocalEmbeddingModel(createVocabulary(institution));
  return {
    embeddingModel: local,
    close: async () => void (await Promise.all([local.close(), closeProvider()])),
  };
}
