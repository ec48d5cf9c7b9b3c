import type { Logger } from 'pino';
import type { Postgres } from '../adapters/postgres/client.ts';
import { createPostgresStatisticsStore } from '../adapters/postgres/statistics-store.ts';
import type { RedisConnection } from '../adapters/redis/redis-connection.ts';
import { createRedisStatisticsQueue } from '../adapters/redis/statistics-queue.ts';
import type { Config } from '../config/parse-config.ts';
import type { Anonymizer } from '../domain/statistics/anonymizer.ts';
import { createBufferedStatisticsQueue } from '../domain/statistics/buffered-statistics-queue.ts';
import { createStatisticsDrain, type DrainObserver } from '../domain/statistics/drain-statistics.ts';
import { createRetention } from '../domain/statistics/keep-retention.ts';
import { createStatisticsRecorder } from '../domain/statistics/statistics-recorder.ts';
import { createUserStatistics } from '../domain/statistics/user-statistics.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createTracePort, type Tracing } from '../telemetry/tracing.ts';

export interface StatisticsOptions {
  config: Config;
  redis: RedisConnection;
  postgres: Postgres;
  anonymizer: Anonymizer;
  logger: Logger;
  metrics: Metrics;
  tracing: Tracing | undefined;
}

/** Events that one replica holds while Redis is away: some minutes of chats, some tens of megabytes at most. */
const bufferLimit = 5000;

/** Users who must have asked a question before others get to see it. */
const minUsersPerQuestion = { production: 3, development: 1 } as const;

/** The way of statistics through one replica, from the event to the report. */
export function createStatistics({
  config,
  redis,
  postgres,
  anonymizer,
  logger,
  metrics,
  tracing,
}: StatisticsOptions) {
  const { enabled, trackUserSessions, trackQueryAnalytics, retentionDays, queueLimit } = config.statistics;
  const store = createPostgresStatisticsStore(postgres, {
    retentionDays,
    trackUserSessions,
    trackQueryAnalytics,
    minUsersPerQuestion: minUsersPerQuestion[config.environment],
  });
  const redisQueue = createRedisStatisticsQueue({
    redis,
    consumer: config.server.replicaId,
    limit: queueLimit,
    onUnreadable: (count) => {
      metrics.statistics.recordDropped('unreadable', count);
      logger.error({ count }, 'statistics events cannot be read and were set aside');
    },
  });
  const queue = createBufferedStatisticsQueue({
    queue: redisQueue,
    limit: bufferLimit,
    onDropped: metrics.statistics.recordDropped,
  });
  const drain = createStatisticsDrain({ queue, store, observer: createObserver(logger, metrics) });
  const retention = createRetention({
    store,
    onDropped: ({ droppedDays }) => logger.info({ droppedDays }, 'days beyond the retention were dropped'),
    onFailed: (error) => logger.error({ err: error }, 'the retention cannot be applied'),
  });
  return {
    /** For reports. */
    store: createTracePort(tracing)(
      store,
      { name: 'statistics-store', attributes: { 'db.system.name': 'postgresql' } },
      ['getUsage', 'getPerformance'],
    ),
    recorder: createStatisticsRecorder({ queue, anonymizer, enabled, trackUserSessions }),
    userData: createUserStatistics({ store, queue, anonymizer }),
    start(): void {
      if (!enabled) return;
      drain.start();
      retention.start();
    },
    /** Sends what is held, `limitMs` at most; Redis and Postgres must still be open. */
    async stop(limitMs: number): Promise<void> {
      retention.stop();
      await drain.stop(limitMs);
      await redisQueue.close();
    },
  };
}

function createObserver(logger: Logger, { statistics }: Metrics): DrainObserver {
  return {
    written: statistics.recordWritten,
    setAside: (count, cause) => {
      statistics.recordDropped('unreadable', count);
      logger.error({ count, err: cause }, 'statistics events cannot be stored and were set aside');
    },
    backlog: statistics.setBacklog,
    buffered: statistics.setBuffered,
    stateChanged: (isDraining, cause) => {
      if (isDraining) logger.warn('statistics are written again');
      else logger.warn({ err: cause }, 'statistics cannot be written; they wait in the queue');
    },
  };
}
