import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import type { Hono } from 'hono';
import type { Logger } from 'pino';
import { createChroma } from './adapters/chroma/client.ts';
import { createChromaVectorIndex } from './adapters/chroma/vector-index.ts';
import { createGeminiModel } from './adapters/gemini/create-model.ts';
import { createGeminiEmbeddingModel } from './adapters/gemini/embedding-model.ts';
import type { GeminiStatus } from './adapters/gemini/gemini-monitor.ts';
import { createKeyRing } from './adapters/gemini/key-ring.ts';
import { createLocalEmbeddingModel } from './adapters/local-embedding/embedding-model.ts';
import { loadEnglishWords } from './adapters/local-embedding/english-words.ts';
import { createPostgres } from './adapters/postgres/client.ts';
import { findConnectionShortage } from './adapters/postgres/connection-budget.ts';
import { createPostgresKnowledgeStore } from './adapters/postgres/knowledge-store.ts';
import { createRedisAnswerCache } from './adapters/redis/answer-cache.ts';
import { createRedisChatStore } from './adapters/redis/chat-store.ts';
import { createRedisEmbeddingCache } from './adapters/redis/embedding-cache.ts';
import { createKeys } from './adapters/redis/keys.ts';
import { createRedisKnowledgeSignal } from './adapters/redis/knowledge-signal.ts';
import { createRedisModelGate } from './adapters/redis/model-gate.ts';
import { createRedisRateLimiter } from './adapters/redis/rate-limiter.ts';
import { createRedisConnection } from './adapters/redis/redis-connection.ts';
import { createReplicaHeartbeat } from './adapters/redis/replica-heartbeat.ts';
import { createRedisReplyStream } from './adapters/redis/reply-stream.ts';
import { createRedisSessionStore } from './adapters/redis/session-store.ts';
import type { Config } from './config.ts';
import { createAnswerQuestion } from './domain/chat/answer-question.ts';
import { promptFingerprint } from './domain/chat/build-prompt.ts';
import { createComposeAnswer } from './domain/chat/compose-answer.ts';
import { createRateAnswer } from './domain/chat/rate-answer.ts';
import { createDependencyWatch } from './domain/dependency-watch.ts';
import type { Dependency } from './domain/errors.ts';
import { createHealth, type ServiceHealth } from './domain/health.ts';
import { createIngestKnowledge } from './domain/knowledge/ingest-knowledge.ts';
import { createKnowledgeAdministration } from './domain/knowledge/knowledge-administration.ts';
import { createLiveKnowledge, type LiveKnowledgeEvent } from './domain/knowledge/live-knowledge.ts';
import { createBatchedEmbeddingModel } from './domain/retrieval/batched-embedding-model.ts';
import { createKnowledgeView, type KnowledgeView } from './domain/retrieval/knowledge-view.ts';
import { createQueryEmbedding, embeddingCacheKey } from './domain/retrieval/query-embedding.ts';
import { createSearch, prepareQuery } from './domain/retrieval/search.ts';
import { createSessionIds } from './domain/sessions/session-id.ts';
import { createAnonymizer } from './domain/statistics/anonymizer.ts';
import { describeAnswered, describeFailed } from './domain/statistics/describe-question.ts';
import { serializeStatisticsEvent } from './domain/statistics/serialize-statistics-event.ts';
import { createUserRecords } from './domain/users/user-records.ts';
import { createAdmission } from './http/admission.ts';
import { createApp } from './http/app.ts';
import type { AppEnv } from './http/app-env.ts';
import { createIdentifyCaller } from './http/caller.ts';
import { requireAdmin, requireClientKey } from './http/middleware/bearer-auth.ts';
import { createLimitRequest } from './http/middleware/rate-limit.ts';
import { createAdminRoutes } from './http/routes/admin.ts';
import { createChatRoutes } from './http/routes/chat.ts';
import { createFeedbackRoutes } from './http/routes/feedback.ts';
import { createHealthRoutes } from './http/routes/health.ts';
import { createOpenAiRoutes } from './http/routes/openai.ts';
import { createPageRoutes } from './http/routes/page.ts';
import { createSearchRoutes } from './http/routes/search.ts';
import { createSessionRoutes } from './http/routes/session.ts';
import { createStatisticsRoutes } from './http/routes/statistics.ts';
import { createStatistics } from './statistics-composition.ts';
import { type ChatSessionLog, describeChat } from './telemetry/chat-session-log.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { annotateAnswer, createTracedSearch, recordModelCall } from './telemetry/traced-chat.ts';
import { createTracePort, type Tracing } from './telemetry/tracing.ts';

export interface ServiceOptions {
  config: Config;
  logger: Logger;
  metrics: Metrics;
  /** Undefined: nothing is traced. */
  tracing?: Tracing | undefined;
  /** Where questions and answers are logged, if anywhere. */
  chatSessionLog?: ChatSessionLog | undefined;
  version: string;
  /** Where the build of the chat page and of the API reference is. */
  webDirectory: string;
}

/** One replica: every client, adapter and use case, built once. */
export type Service = ReturnType<typeof createService>;

/** Time beyond the model's that is left for retrieval and for closing the chat. */
const modelMarginMs = 5000;

export function createService(options: ServiceOptions) {
  const { config, logger, metrics, tracing, chatSessionLog, version, webDirectory } = options;
  const tracePort = createTracePort(tracing);
  const { replicaId } = config.server;
  const salt = config.statistics.salt;
  if (salt === undefined) throw new Error('ANONYMIZE_SALT must be known by now');
  const hashIdentity = (text: string) =>
    createHmac('sha256', salt.read()).update(text).digest('base64url').slice(0, 22);
  const reportDependency = (dependency: Dependency, isUp: boolean, cause?: unknown) => {
    metrics.state.setDependencyUp(dependency, isUp);
    if (isUp) logger.warn({ dependency }, `${dependency} answers again`);
    else logger.error({ dependency, err: cause }, `${dependency} is out`);
  };

  // I/O leaves here.
  const redis = createRedisConnection({
    ...config.redis,
    onStateChange: (isUp, cause) => reportDependency('redis', isUp, cause),
  });
  const keys = createKeys(hashIdentity);
  const sessionTtlSeconds = config.session.timeoutSeconds;
  const chatStore = tracePort(
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
  );
  const sessionStore = tracePort(
    createRedisSessionStore({ connection: redis, keys, sessionTtlSeconds }),
    { name: 'session-store', attributes: inRedis },
    ['start', 'find', 'agreeOnId', 'findHistory', 'end', 'countActive', 'exportUser', 'eraseUser'],
  );
  const answerCache = tracePort(
    createRedisAnswerCache(redis),
    { name: 'answer-cache', attributes: inRedis },
    ['acquire', 'giveUp'],
  );
  const heartbeat = createReplicaHeartbeat(redis, replicaId);
  const postgres = createPostgres({
    ...config.postgres,
    password: config.postgres.password && (() => config.postgres.password?.read() ?? ''),
    applicationName: replicaId,
  });
  const knowledgeStore = createPostgresKnowledgeStore(postgres);
  const chroma = createChroma(config.chroma);
  const vectorIndex = tracePort(
    createChromaVectorIndex(chroma, config.chroma),
    { name: 'vector-index', attributes: { 'db.system.name': 'chroma' } },
    ['query'],
  );
  const modelGate = createRedisModelGate({
    redis,
    requestsPerMinute: config.gemini.requestsPerMinute,
    replicaCount: heartbeat.count,
  });
  const geminiKeys = createKeyRing({ apiKeys: config.gemini.apiKeys, gate: modelGate });
  const localEmbedding = createLocalEmbeddingModel();
  const embeddingModels = new Map(
    [
      localEmbedding,
      ...(config.gemini.isConfigured
        ? [createGeminiEmbeddingModel({ keys: geminiKeys, baseUrl: config.gemini.baseUrl })]
        : []),
    ].map((model) => {
      const attributes = { 'gen_ai.operation.name': 'embeddings', 'gen_ai.request.model': model.name };
      const batched = createBatchedEmbeddingModel(model);
      return [
        model.name,
        tracePort(batched, { name: 'embedding-model', attributes }, ['embedQueries']),
      ] as const;
    }),
  );
  const modelLimitMs = config.server.requestTimeoutMs - modelMarginMs;
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
        onStateChange: ({ to, status }) => reportDependency('gemini', to === 'up', status.lastError),
        onMissingModel: (model) =>
          logger.error({ model }, 'this Gemini model does not exist; the fallback model answers'),
        onModelVersion: (model, modelVersion) =>
          logger.info({ model, modelVersion }, 'Gemini answers with another version'),
      })
    : undefined;

  // Decisions.
  const anonymizer = createAnonymizer({ enabled: config.statistics.anonymize, salt: salt.read() });
  const statistics = createStatistics({ config, redis, postgres, anonymizer, logger, metrics });
  const { recorder } = statistics;
  const configuredEmbedding = embeddingModels.get(config.knowledge.embeddingModel) ?? localEmbedding;
  const publishing = { store: knowledgeStore, signal: createRedisKnowledgeSignal(redis), vectorIndex };
  const knowledgeAdministration = createKnowledgeAdministration({
    ...publishing,
    embeddingModel: configuredEmbedding,
  });
  const ingestKnowledge = createIngestKnowledge({ ...publishing, embeddingModel: configuredEmbedding });
  const liveKnowledge = createLiveKnowledge<KnowledgeView>({
    ...publishing,
    buildView: async (snapshot) => createKnowledgeView(snapshot, await loadEnglishWords()),
    embeddingModelName: configuredEmbedding.name,
    // An ingest of nothing embeds anew only what is of another model; the replicas that come second find nothing to do.
    reembed: () => ingestKnowledge({ entries: [] }),
    onEvent: (event) => reportKnowledge(event, logger, metrics),
  });
  const embedQuery = createQueryEmbedding({
    cache: createRedisEmbeddingCache(redis),
    models: embeddingModels,
    onLookup: (isHit) => metrics.answers.recordCache('embedding', isHit),
  });
  const search = createTracedSearch(
    createSearch({
      knowledge: liveKnowledge.current,
      embedQuery,
      vectorIndex,
      settings: config.retrieval,
    }),
    tracing,
  );
  const composeAnswer = createComposeAnswer({
    search,
    model: gemini,
    answerCache,
    knowledgeVersion: () => liveKnowledge.current()?.version.version ?? 0,
    settings: {
      topK: config.retrieval.topK.hybrid,
      historyMessages: config.session.historyMessages,
      maxContextCharacters: config.session.maxContextCharacters,
      fingerprint: fingerprintOf(config),
      modelLimitMs,
    },
  });
  // At least one, for a follow-up leans on the question before it.
  const historyTurns = Math.max(1, Math.ceil(config.session.historyMessages / 2));
  const answerQuestion = createAnswerQuestion({
    chatStore,
    replyStream: createRedisReplyStream(redis),
    answerCache,
    composeAnswer,
    historyTurns,
    readQuery(message) {
      const view = liveKnowledge.current();
      if (!view) return undefined;
      const prepared = prepareQuery(view, message);
      const embeddingKey = embeddingCacheKey(view.version.embeddingModel, prepared.embeddingText);
      return { view, prepared, embeddingKey };
    },
    replyLimitMs: config.server.requestTimeoutMs,
    describeAnswer: (answered) => recorder.createInteractionEvent(describeAnswered(answered)),
    recordEvent: (event) => void recorder.append(event),
    onAnswered: (answered) => {
      const { answer } = answered.composed;
      chatSessionLog?.record(describeChat(answered, anonymizer));
      metrics.answers.recordAnswer(answer);
      if (tracing) annotateAnswer(tracing, answer);
      metrics.answers.recordCache('answer', answer.cached);
      if (!answer.cached) metrics.answers.recordRetrieval(answer.searchMethod, answer.searchTimeMs);
    },
    onFailed: (failed) => {
      void recorder.append(recorder.createInteractionEvent(describeFailed(failed)));
      logger.error({ requestId: failed.requestId, err: failed.error }, 'a question was not answered');
    },
  });

  // Requests enter here.
  let state: 'starting' | 'ready' | 'draining' = 'starting';
  const limiter = tracePort(
    createRedisRateLimiter({ connection: redis, ...config.rateLimit, countReplicas: heartbeat.count }),
    { name: 'rate-limiter', attributes: inRedis },
    ['consume'],
  );
  const limitRequest = createLimitRequest(config.rateLimit.enabled ? limiter : undefined, metrics);
  const identifyCaller = createIdentifyCaller({ sessionIds: createSessionIds(salt.read), sessionStore });
  metrics.state.observeAnswersInFlight(answerQuestion.activeCount);
  const admission = createAdmission({
    activeChats: answerQuestion.activeCount,
    maxConcurrentChats: config.server.maxConcurrentChats,
    maxEventLoopDelayMs: config.server.maxEventLoopDelayMs,
    metrics,
  });
  const adminOnly = requireAdmin(config.server.adminTokens);
  const health = createHealth({
    showCauses: !config.isProduction,
    probes: {
      redis: async () => ({ state: 'up', latencyMs: await redis.ping() }),
      postgres: async () => ({ state: 'up', latencyMs: await postgres.ping() }),
      chroma: async () => ({ state: 'up', latencyMs: await chroma.ping() }),
      gemini: async () => describeGemini(gemini?.status()),
    },
    knowledge() {
      const view = liveKnowledge.current();
      return view && { version: view.version.version, entries: view.entries.size };
    },
  });
  const routes: Hono<AppEnv>[] = [
    createChatRoutes({ answerQuestion, identifyCaller, limitRequest, admission }),
    createOpenAiRoutes({
      answerQuestion,
      identifyCaller,
      limitRequest,
      admission,
      authorize: requireClientKey(config.server.clientApiKeys),
      historyTurns,
    }),
    createSessionRoutes({
      sessionStore,
      identifyCaller,
      limitRequest,
      onStarted: (key, { startedAt: at, role, campus }) =>
        void recorder.recordSession({ ...key, at, change: 'started', role, campus, turnCount: 0 }),
      onEnded: (key, { role, campus, turnCount }, at) =>
        void recorder.recordSession({ ...key, at, change: 'ended', role, campus, turnCount }),
    }),
    createSearchRoutes({
      search,
      limitRequest,
      defaultTopK: config.retrieval.topK,
      authorize: config.isProduction ? [adminOnly] : [],
      onSearched: (id, { method, results, searchTimeMs }) => {
        metrics.answers.recordRetrieval(method, searchTimeMs);
        void recorder.recordSearch({
          id,
          at: new Date(),
          searchMethod: method,
          resultsCount: results.length,
          topSimilarity: results[0]?.similarity ?? 0,
          searchTimeMs,
        });
      },
    }),
    createFeedbackRoutes({
      rateAnswer: createRateAnswer({
        chatStore,
        sessionStore,
        record: ({ userId }, { requestId, rating, comment }) =>
          recorder.recordFeedback({ id: requestId, at: new Date(), userId, rating, comment }),
      }),
      limitRequest,
    }),
    createStatisticsRoutes({
      store: tracePort(
        statistics.store,
        { name: 'statistics-store', attributes: { 'db.system.name': 'postgresql' } },
        ['getUsage', 'getPerformance'],
      ),
      countActiveSessions: sessionStore.countActive,
      authorize: config.isProduction ? [adminOnly] : [],
    }),
    createAdminRoutes({
      authorize: adminOnly,
      knowledge: knowledgeAdministration,
      loadedVersion: () => liveKnowledge.current()?.version.version,
      userRecords: createUserRecords({ sessionStore, statistics: statistics.userData }),
      rateLimiter: limiter,
      replyLimitMs: modelLimitMs,
      logger,
    }),
    createHealthRoutes({
      health,
      version,
      environment: config.environment,
      replicaId,
      isReady: () => state === 'ready',
      renderMetrics: async () => ({ contentType: metrics.contentType, text: await metrics.render() }),
    }),
    createPageRoutes({
      assetsDirectory: webDirectory,
      frameAncestors: config.server.corsOrigins,
    }) as Hono<AppEnv>,
  ];
  const app = createApp({
    logger,
    metrics,
    tracing,
    replicaId,
    corsOrigins: config.server.corsOrigins,
    revealCause: !config.isProduction,
    isDraining: () => state === 'draining',
    version,
    referenceDirectory: join(webDirectory, 'reference'),
    routes,
  });

  // Redis and Gemini are reported by those who call them.
  const dependencyWatch = createDependencyWatch({
    health,
    watched: ['postgres', 'chroma'],
    onChange: reportDependency,
  });

  /** More replicas than Postgres has connections for would take turns in failing. */
  async function warnOfConnectionShortage(): Promise<void> {
    const demand = { replicas: heartbeat.count(), poolSize: config.postgres.poolSize };
    const shortage = await findConnectionShortage(postgres, demand).catch(() => undefined);
    if (shortage) {
      logger.warn(
        { ...demand, ...shortage },
        'Postgres allows fewer connections than the replicas may open: raise max_connections or lower DATABASE_POOL_SIZE',
      );
    }
  }

  /** The first question pays for starting the encoder's thread; better now than when a person waits. */
  async function warmUp(): Promise<void> {
    if (liveKnowledge.current()?.version.embeddingModel !== localEmbedding.name) return;
    await localEmbedding
      .embedQueries(['warm up'])
      .catch((error) => logger.error({ err: error }, 'encoder failed'));
  }

  return {
    app,
    /** Connects and loads what is there; a dependency that is out delays this by its limit and no more. */
    async start(): Promise<void> {
      await redis.settle(startLimitMs);
      await heartbeat.start();
      void warnOfConnectionShortage();
      await liveKnowledge.start();
      await warmUp();
      gemini?.start();
      dependencyWatch.start();
      statistics.start();
      state = 'ready';
    },
    /** Not ready from now on; resolves when no answer is under way. */
    async drain(): Promise<void> {
      state = 'draining';
      await answerQuestion.settle();
    },
    async close(): Promise<void> {
      admission.close();
      answerQuestion.close();
      liveKnowledge.stop();
      dependencyWatch.stop();
      gemini?.close();
      await statistics.stop(statisticsFlushLimitMs);
      await heartbeat.stop();
      modelGate.disconnect();
      redis.close();
      chroma.close();
      await Promise.all([localEmbedding.close(), postgres.close()]);
    },
  };
}

const startLimitMs = 2000;
const inRedis = { 'db.system.name': 'redis' };
/** Within what the process gives everything to close. */
const statisticsFlushLimitMs = 3000;

/** Names everything that an answer depends on besides the question, its audience and the knowledge version. */
function fingerprintOf({ gemini, session, retrieval }: Config): string {
  return promptFingerprint({
    model: gemini.isConfigured ? gemini.model : 'none',
    fallbackModel: gemini.fallbackModel,
    temperature: gemini.temperature,
    maxOutputTokens: gemini.maxOutputTokens,
    maxContextCharacters: session.maxContextCharacters,
    topK: retrieval.topK.hybrid,
    similarityThreshold: retrieval.similarityThreshold,
  });
}

function describeGemini(status: GeminiStatus | undefined): ServiceHealth {
  if (status === undefined) return { state: 'unconfigured', detail: 'GEMINI_API_KEY is not set' };
  const problems = [
    ...status.missingModels.map((model) => `${model} does not exist`),
    ...(status.refusedKeys > 0 ? [`${status.refusedKeys} API key(s) refused`] : []),
    ...(status.exhaustedKeys > 0 ? [`${status.exhaustedKeys} API key(s) out of quota`] : []),
    ...(status.state !== 'up' && status.lastError ? [status.lastError] : []),
  ];
  return { state: status.state, ...(problems.length > 0 && { detail: problems.join('; ') }) };
}

function reportKnowledge(event: LiveKnowledgeEvent, logger: Logger, metrics: Metrics): void {
  switch (event.type) {
    case 'swapped':
      metrics.state.setKnowledge({ version: event.version.version, entries: event.version.entryCount });
      logger.warn({ version: event.version.version, source: event.source }, 'knowledge version is live here');
      break;
    case 'index-rebuilt':
      logger.warn({ version: event.version }, 'vector index was rebuilt');
      break;
    case 'reembedded':
      logger.warn({ from: event.from, to: event.to }, 'knowledge was embedded with another model');
      break;
    case 'failing':
      logger.error({ task: event.task, err: event.error }, 'knowledge cannot be kept up to date');
      break;
    case 'recovered':
      logger.warn({ task: event.task }, 'knowledge is kept up to date again');
  }
}
