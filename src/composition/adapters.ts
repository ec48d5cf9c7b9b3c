import { createHmac } from 'node:crypto';
import { createChroma } from '../adapters/chroma/client.ts';
import { createChromaVectorIndex } from '../adapters/chroma/vector-index.ts';
import { createGeminiModel } from '../adapters/gemini/create-model.ts';
import { createGeminiEmbeddingModel } from '../adapters/gemini/embedding-model.ts';
import { createKeyRing, type KeyRing } from '../adapters/gemini/key-ring.ts';
import { createLocalEmbeddingModel } from '../adapters/local-embedding/embedding-model.ts';
import { createPostgres } from '../adapters/postgres/client.ts';
import { createPostgresKnowledgeStore } from '../adapters/postgres/knowledge-store.ts';
import { createRedisAnswerCache } from '../adapters/redis/answer-cache.ts';
import { createRedisChatStore } from '../adapters/redis/chat-store.ts';
import { createRedisEmbeddingCache } from '../adapters/redis/embedding-cache.ts';
import { createKeys } from '../adapters/redis/keys.ts';
import { createRedisKnowledgeSignal } from '../adapters/redis/knowledge-signal.ts';
import { createRedisModelGate } from '../adapters/redis/model-gate.ts';
import { createRedisRateLimiter } from '../adapters/redis/rate-limiter.ts';
import { createRedisConnection } from '../adapters/redis/redis-connection.ts';
import { createReplicaHeartbeat } from '../adapters/redis/replica-heartbeat.ts';
import { createRedisReplyStream } from '../adapters/redis/reply-stream.ts';
import { createRedisSessionStore } from '../adapters/redis/session-store.ts';
import type { Dependency } from '../domain/errors.ts';
import type { Vocabulary } from '../domain/language/vocabulary.ts';
import { createBatchedEmbeddingModel } from '../domain/models/batched-embedding-model.ts';
import { serializeStatisticsEvent } from '../domain/statistics/serialize-statistics-event.ts';
import { recordModelCall } from '../telemetry/traced-chat.ts';
import { createTracePort } from '../telemetry/tracing.ts';
import type { ServiceOptions } from './service-options.ts';

export interface AdapterOptions extends Pick<ServiceOptions, 'config' | 'logger' | 'metrics' | 'tracing'> {
  vocabulary: Vocabulary;
  /** Signs ids of users and sessions. */
  readSalt: () => string;
  /** For the model's answer, in ms. */
  modelLimitMs: number;
  onDependencyChange: (dependency: Dependency, isUp: boolean, cause?: unknown) => void;
}

export type Adapters = ReturnType<typeof createAdapters>;

const inRedis = { 'db.system.name': 'redis' };

/** Everything through which the service speaks to others, but for statistics (statistics.ts). */
export function createAdapters(options: AdapterOptions) {
  const { config, logger, metrics, tracing, vocabulary, readSalt, modelLimitMs, onDependencyChange } =
    options;
  const tracePort = createTracePort(tracing);
  const hashIdentity = (text: string) =>
    createHmac('sha256', readSalt()).update(text).digest('base64url').slice(0, 22);

  const redis = createRedisConnection({
    ...config.redis,
    onStateChange: (isUp, cause) => onDependencyChange('redis', isUp, cause),
  });
  const keys = createKeys(hashIdentity);
  const sessionTtlSeconds = config.session.timeoutSeconds;
  const heartbeat = createReplicaHeartbeat(redis, config.server.replicaId);
  const postgres = createPostgres({
    ...config.postgres,
    password: config.postgres.password && (() => config.postgres.password?.read() ?? ''),
    applicationName: config.server.replicaId,
  });
  const chroma = createChroma(config.chroma);
  const modelGate = createRedisModelGate({
    redis,
    requestsPerMinute: config.gemini.requestsPerMinute,
    replicaCount: heartbeat.count,
  });
  const geminiKeys = createKeyRing({ apiKeys: config.gemini.apiKeys, gate: modelGate });
  const localEmbedding = createLocalEmbeddingModel(vocabulary);
  const gemini = config.gemini.isConfigured
    ? createGeminiModel({
        ...config.gemini,
        keys: geminiKeys,
        gate: modelGate,
        totalTimeoutMs: modelLimitMs,
        onCall: (call) => {
          metrics.model.recordCall(call);
          if (tracing) recordModelCall(tracing, call);
        },
        onBreakerChange: metrics.model.setBreakerOpen,
        onStateChange: ({ to, status }) => onDependencyChange('gemini', to === 'up', status.lastError),
        onMissingModel: (model) =>
          logger.error({ model }, 'this Gemini model does not exist; the fallback model answers'),
        onModelVersion: (model, modelVersion) =>
          logger.info({ model, modelVersion }, 'Gemini answers with another version'),
      })
    : undefined;

  return {
    redis,
    heartbeat,
    chatStore: tracePort(
      createRedisChatStore({
        connection: redis,
        keys,
        sessionTtlSeconds,
        eventLimit: config.statistics.queueLimit,
        serializeEvent: serializeStatisticsEvent,
        onEventRefused: () => metrics.statistics.recordDropped('queue_full', 1),
      }),
      { name: 'chat-store', attributes: inRedis },
      ['open', 'close', 'restart', 'abandon', 'find', 'requestStop'],
    ),
    sessionStore: tracePort(
      createRedisSessionStore({ connection: redis, keys, sessionTtlSeconds }),
      { name: 'session-store', attributes: inRedis },
      ['start', 'find', 'agreeOnId', 'findHistory', 'end', 'countActive', 'exportUser', 'eraseUser'],
    ),
    answerCache: tracePort(createRedisAnswerCache(redis), { name: 'answer-cache', attributes: inRedis }, [
      'acquire',
      'giveUp',
    ]),
    rateLimiter: tracePort(
      createRedisRateLimiter({ connection: redis, ...config.rateLimit, countReplicas: heartbeat.count }),
      { name: 'rate-limiter', attributes: inRedis },
      ['consume'],
    ),
    replyStream: createRedisReplyStream(redis),
    embeddingCache: createRedisEmbeddingCache(redis),
    knowledgeSignal: createRedisKnowledgeSignal(redis),
    postgres,
    knowledgeStore: createPostgresKnowledgeStore(postgres),
    chroma,
    vectorIndex: tracePort(
      createChromaVectorIndex(chroma, config.chroma),
      { name: 'vector-index', attributes: { 'db.system.name': 'chroma' } },
      ['query'],
    ),
    localEmbedding,
    /** By name. */
    embeddingModels: createEmbeddingModels(options, localEmbedding, geminiKeys),
    /** Undefined without an API key. */
    gemini,
    async close(): Promise<void> {
      await heartbeat.stop();
      modelGate.disconnect();
      redis.close();
      chroma.close();
      await Promise.all([localEmbedding.close(), postgres.close()]);
    },
  };
}

function createEmbeddingModels(
  { config, tracing }: AdapterOptions,
  localEmbedding: ReturnType<typeof createLocalEmbeddingModel>,
  keys: KeyRing,
) {
  const tracePort = createTracePort(tracing);
  const models = [
    localEmbedding,
    ...(config.gemini.isConfigured
      ? [createGeminiEmbeddingModel({ keys, baseUrl: config.gemini.baseUrl })]
      : []),
  ];
  return new Map(
    models.map((model) => {
      const attributes = { 'gen_ai.operation.name': 'embeddings', 'gen_ai.request.model': model.name };
      const batched = createBatchedEmbeddingModel(model);
      return [
        model.name,
        tracePort(batched, { name: 'embedding-model', attributes }, ['embedQueries']),
      ] as const;
    }),
  );
}
