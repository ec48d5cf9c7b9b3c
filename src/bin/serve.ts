import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createAdaptorServer } from '@hono/node-server';
import { startWatchdog } from '../adapters/watchdog/start-watchdog.ts';
import { createService } from '../composition/service.ts';
import { type Config, ConfigError, parseConfig } from '../config/parse-config.ts';
import { type ChatSessionLog, createChatSessionLog } from '../telemetry/chat-session-log.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createMetricsServer } from '../telemetry/metrics-server.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { openInstitution, rootPath } from './environment.ts';

/** Longer than nginx keeps an idle connection (60 s), so that it never sends into one that we close. */
const keepAliveMs = 75_000;
/** Connections that may wait to be accepted; Node's 511 makes nginx wait past its limit when thousands come at once. */
const listenBacklog = 4096;
const idleSweepMs = 100;
/** What may be left to do after the last answer: statistics, logs, connections. */
const flushLimitMs = 5000;
/** Of it, for traces: a collector that does not answer delays the end no longer. */
const traceFlushLimitMs = 2000;

const config = readConfig();
const logger = await createLogger(config.logging, config.server.replicaId, {
  secrets: () => secretsOf(config),
});
for (const notice of config.notices) logger.warn(notice);

const { version } = JSON.parse(readFileSync(rootPath('package.json'), 'utf8')) as { version: string };
const metrics = createMetrics({ version, prices: config.models.prices });
const tracing = await openTracing(config);
const service = createService({
  institution: openInstitution(config),
  config: { ...config, statistics: { ...config.statistics, salt: config.statistics.salt ?? loadSalt() } },
  logger,
  metrics,
  tracing,
  chatSessionLog: await openChatSessionLog(config),
  version,
  webDirectory: rootPath('dist/web'),
});
const server = createAdaptorServer({ fetch: service.app.fetch }) as Server;
server.keepAliveTimeout = keepAliveMs;
server.headersTimeout = keepAliveMs + 5000;
server.requestTimeout = config.server.requestTimeoutMs;

const metricsServer = createMetricsServer(metrics);

let isEnding = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(0, signal));
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error) => {
    logger.fatal({ err: error }, event);
    metrics.state.recordUncaughtError(event);
    void end(1, event);
  });
}

// Before the start, which shows there; until the end, when it goes with the process.
metricsServer.listen({ port: config.server.metricsPort, host: config.server.host });
await service.start();
startWatchdog(config.server);
server.listen({ port: config.server.port, host: config.server.host, backlog: listenBacklog }, () => {
  logger.warn({ address: server.address(), version, environment: config.environment }, 'ready');
});

/** Not ready at once, answers under way finish, buffers are flushed, then the process ends. */
async function end(exitCode: number, reason: string): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  logger.warn({ reason }, 'draining');
  const answered = service.drain();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // One that was busy then is idle later, and nginx would keep it open for a minute.
  setInterval(() => server.closeIdleConnections(), idleSweepMs);
  await Promise.race([Promise.all([answered, closed]), delay(config.server.requestTimeoutMs + 5000)]);
  server.closeAllConnections();
  await Promise.race([
    Promise.all([service.close(), tracing?.close(traceFlushLimitMs)]),
    delay(flushLimitMs),
  ]);
  logger.warn('ended');
  logger.flush();
  process.exit(exitCode);
}

async function openChatSessionLog({ logging, server }: Config): Promise<ChatSessionLog | undefined> {
  if (!logging.chatSessions) return undefined;
  const options = { ...logging, file: logging.chatSessionFile, replicaId: server.replicaId };
  try {
    return await createChatSessionLog(options);
  } catch (error) {
    logger.warn({ err: error }, 'the log of chat sessions cannot be opened; chats are not logged');
    return undefined;
  }
}

async function openTracing({ tracing, server }: Config): Promise<Tracing | undefined> {
  const { endpoint } = tracing;
  if (endpoint === undefined) return undefined;
  const { createOpenTelemetry } = await import('../telemetry/open-telemetry.ts');
  return createOpenTelemetry({
    ...tracing,
    endpoint,
    version,
    replicaId: server.replicaId,
    onStateChange: (isUp, cause) => {
      if (isUp) logger.warn('traces are taken again');
      else logger.warn({ err: cause }, 'the collector takes no traces; they are dropped');
    },
  });
}

function readConfig(): Config {
  try {
    return parseConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(2);
  }
}

/** The salt that was not given is made once; replicas on one machine share it. */
function loadSalt() {
  const path = rootPath('.local/anonymize-salt');
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(path, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const salt = readFileSync(path, 'utf8');
  return { read: () => salt };
}

function secretsOf({
  gemini,
  server: { adminTokens, clientApiKeys },
  redis,
  postgres,
  statistics,
  proxy,
}: Config): string[] {
  const single = [redis.password, postgres.password, statistics.salt].map((secret) => secret?.read());
  return [
    ...single,
    ...gemini.apiKeys(),
    ...adminTokens(),
    ...proxy.secrets(),
    ...(clientApiKeys() ?? []),
  ].filter((secret) => secret !== undefined);
}
