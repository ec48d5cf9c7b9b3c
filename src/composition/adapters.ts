import { createHmac } from 'node:crypto';
import { createChroma } from '../adapters/chroma/client.ts';
import { createChromaVectorIndex } from '../adapters/chroma/vector-index.ts';
import { createLocalEmbeddingModel } from '../adapters/local-embedding/embedding-model.ts';
import { createPostgresAuditStore } from '../adapters/postgres/audit-store.ts';
import { createPostgres } from '../adapters/postgres/client.ts';
import { createPostgresKnowledgeStore } from '../adapters/postgres/knowledge-store.ts';
import { createRedisAnswerCache } from '../adapters/redis/answer-cache.ts';
import { createRedisAuditQueue } from '../adapters/redis/audit-queue.ts';
import { createRedisChatStore } from '../adapters/redis/chat-store.ts';
import { createRedisEmbeddingCache } from '../adapters/redis/embedding-cache.ts';
import { createKeys } from '../adapters/redis/keys.ts';
import { createRedisKnowledgeSignal } from '../adapters/redis/knowledge-signal.ts';
import { createRedisLockOut } from '../adapters/redis/lock-out.ts';
import { createRedisModelGate } from '../adapters/redis/model-gate.ts';
import { createRedisPersonalData } from '../adapters/redis/personal-data.ts';
import { createRedisRateLimiter } from '../adapters/redis/rate-limiter.ts';
import { createRedisConnection } from '../adapters/redis/redis-connection.ts';
import { createReplicaHeartbeat } from '../adapters/redis/replica-heartbeat.ts';
import { createRedisReplyStream } from '../adapters/redis/reply-stream.ts';
import { createRedisSessionStore } from '../adapters/redis/session-store.ts';
import { createRedisTokenBudget } from '../adapters/redis/token-budget.ts';
import { createLimitPolicy } from '../domain/access/limit-policy.ts';
import type { Dependency } from '../domain/errors.ts';
import type { Vocabulary } from '../domain/language/vocabulary.ts';
import { createAnsweringModel } from '../domain/models/answering-model.ts';
import { createBatchedEmbeddingModel } from '../domain/models/batched-embedding-model.ts';
import type { ModelProvider } from '../domain/models/model-provider.ts';
import { createWatchedEmbeddingModel } from '../domain/models/watched-embedding-model.ts';
import type { DataSubject } from '../domain/statistics/data-subject.ts';
import { serializeStatisticsEvent } from '../domain/statistics/serialize-statistics-event.ts';
import { recordModelCall } from '../telemetry/traced-chat.ts';
import { createTracePort } from '../telemetry/tracing.ts';
import { createModelProvider, reportRefusedField } from './models.ts';
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
  const rateLimiter = createRedisRateLimiter({ connection: redis, countReplicas: heartbeat.count });
  const postgres = createPostgres({
    ...config.postgres,
    password: config.postgres.password && (() => config.postgres.password?.read() ?? ''),
    applicationName: config.server.replicaId,
  });
  const chroma = createChroma(config.chroma);
  const modelGate = createRedisModelGate({
    redis,
    requestsPerMinute: config.models.requestsPerMinute,
    replicaCount: heartbeat.count,
  });
  const localEmbedding = createLocalEmbeddingModel(vocabulary);
  const provider = createModelProvider({
    config,
    gate: modelGate,
    onRefusedField: reportRefusedField(logger),
  });
  const model = provider
    ? createAnsweringModel({
        ...config.models,
        provider,
        embeddingModel: provider.embeddingModels.find(({ name }) => name === config.knowledge.embeddingModel)
          ?.name,
        gate: modelGate,
        budget: createRedisTokenBudget({
          redis,
          tokensPerDay: config.models.tokensPerDay,
          replicaCount: heartbeat.count,
        }),
        totalTimeoutMs: modelLimitMs,
        onCall: (call) => {
          metrics.model.recordCall(call);
          if (tracing) recordModelCall(tracing, call);
        },
        onBreakerChange: metrics.model.setBreakerOpen,
        onStateChange: ({ to, status }) => onDependencyChange('gemini', to === 'up', status.lastError),
        onMissingModel: (name) =>
          logger.error({ model: name }, 'this model does not exist; the fallback model answers'),
        onModelVersion: (name, modelVersion) =>
          logger.info({ model: name, modelVersion }, 'the model answers with another version'),
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
      ['open', 'findCached', 'close', 'restart', 'abandon', 'find', 'requestStop'],
    ),
    /** What Redis holds of people, for erasure. */
    createPersonalData: (namesOf: (subject: DataSubject) => readonly string[]) =>
      createRedisPersonalData({ connection: redis, keys, namesOf }),
    sessionStore: tracePort(
      createRedisSessionStore({ connection: redis, keys, sessionTtlSeconds }),
      { name: 'session-store', attributes: inRedis },
      ['start', 'find', 'agreeOnId', 'findHistory', 'end', 'countActive', 'exportUser'],
    ),
    answerCache: tracePort(createRedisAnswerCache(redis), { name: 'answer-cache', attributes: inRedis }, [
      'acquire',
      'giveUp',
    ]),
    hashIdentity,
    rateLimiter: tracePort(rateLimiter, { name: 'rate-limiter', attributes: inRedis }, ['consume']),
    lockOut: createRedisLockOut(redis),
    auditQueue: createRedisAuditQueue(redis),
    auditStore: createPostgresAuditStore(postgres),
    limitPolicy: createLimitPolicy({
      ...config.rateLimit,
      chatsPerReplica: config.server.maxConcurrentChats,
      countReplicas: heartbeat.count,
    }),
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
    embeddingModels: createEmbeddingModels(options, localEmbedding, provider, (name) => model?.suspect(name)),
    /** These two are undefined when no provider is configured. */
    provider,
    model,
    async close(): Promise<void> {
      await heartbeat.stop();
      modelGate.disconnect();
      provider?.close();
      rateLimiter.close();
      redis.close();
      chroma.close();
      await Promise.all([localEmbedding.close(), postgres.close()]);
    },
  };
}

function createEmbeddingModels(
  { tracing }: AdapterOptions,
  localEmbedding: ReturnType<typeof createLocalEmbeddingModel>,
  provider: ModelProvider | undefined,
  onMissing: (name: string) => void,
) {
  const tracePort = createTracePort(tracing);
  const models = [
    localEmbedding,
    ...(provider?.embeddingModels ?? []).map((model) => createWatchedEmbeddingModel(model, onMissing)),
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
