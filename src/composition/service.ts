import { join } from 'node:path';
import { findConnectionShortage } from '../adapters/postgres/connection-budget.ts';
import { createDependencyWatch } from '../domain/dependency-watch.ts';
import type { Dependency } from '../domain/errors.ts';
import { createVocabulary } from '../domain/language/vocabulary.ts';
import { createApp } from '../http/app.ts';
import { createAdapters } from './adapters.ts';
import { createServiceHealth } from './health.ts';
import { createRoutes } from './routes.ts';
import type { ServiceOptions } from './service-options.ts';
import { createUseCases } from './use-cases.ts';

/** One replica: every client, adapter and use case, built once. */
export type Service = ReturnType<typeof createService>;

/** Time beyond the model's that is left for retrieval and for closing the chat. */
const modelMarginMs = 5000;
const startLimitMs = 2000;
/** Within what the process gives everything to close. */
const statisticsFlushLimitMs = 3000;

export function createService(options: ServiceOptions) {
  const { config, logger, metrics, tracing, version, webDirectory } = options;
  const { salt } = config.statistics;
  if (salt === undefined) throw new Error('ANONYMIZE_SALT must be known by now');
  const onDependencyChange = (dependency: Dependency, isUp: boolean, cause?: unknown) => {
    metrics.state.setDependencyUp(dependency, isUp);
    if (isUp) logger.warn({ dependency }, `${dependency} answers again`);
    else logger.error({ dependency, err: cause }, `${dependency} is out`);
  };
  const shared = {
    ...options,
    vocabulary: createVocabulary(options.institution),
    readSalt: salt.read,
    modelLimitMs: config.server.requestTimeoutMs - modelMarginMs,
  };

  let state: 'starting' | 'ready' | 'draining' = 'starting';
  const adapters = createAdapters({ ...shared, onDependencyChange });
  const useCases = createUseCases(shared, adapters);
  const health = createServiceHealth(config, adapters, useCases);
  const {
    routes,
    limits,
    close: closeRoutes,
  } = createRoutes({ ...shared, health, isReady: () => state === 'ready' }, adapters, useCases);
  const app = createApp({
    logger,
    metrics,
    tracing,
    replicaId: config.server.replicaId,
    corsOrigins: config.server.corsOrigins,
    revealCause: !config.isProduction,
    isDraining: () => state === 'draining',
    proxySecrets: config.proxy.secrets,
    version,
    referenceDirectory: join(webDirectory, 'reference'),
    limits,
    routes,
  });

  const { redis, heartbeat, postgres, localEmbedding, model } = adapters;
  const { answerQuestion, liveKnowledge, statistics, auditTrail } = useCases;
  metrics.state.observeAnswersInFlight(answerQuestion.activeCount);
  // Redis and the model are reported by those who call them.
  const dependencyWatch = createDependencyWatch({
    health,
    watched: ['postgres', 'chroma'],
    onChange: onDependencyChange,
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
      model?.start();
      dependencyWatch.start();
      statistics.start();
      auditTrail.start();
      state = 'ready';
    },
    /** Not ready from now on; resolves when no answer is under way. */
    async drain(): Promise<void> {
      state = 'draining';
      await answerQuestion.settle();
    },
    async close(): Promise<void> {
      closeRoutes();
      answerQuestion.close();
      liveKnowledge.stop();
      dependencyWatch.stop();
      model?.close();
      await Promise.all([statistics.stop(statisticsFlushLimitMs), auditTrail.stop(statisticsFlushLimitMs)]);
      await adapters.close();
    },
  };
}
