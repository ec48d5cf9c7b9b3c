import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import { Redis, type RedisOptions, ReplyError } from 'ioredis';
import type { Secret } from '../../config/secret.ts';
import { DependencyError } from '../../domain/errors.ts';
import { withTimeLimit } from '../time-limit.ts';
import { probeKey } from './keys.ts';
import { parseRedisUrl } from './parse-redis-url.ts';

/** Longest wait for one command or pipeline; a frozen server costs this once, then the breaker answers. */
const commandLimitMs = 300;
const connectLimitMs = 1000;
const probeIntervalMs = 500;
/** Probes missed before the connection itself is given up: a peer that is gone may never close it. */
const probesBeforeReconnect = 4;

export interface RedisConnectionOptions {
  url: string;
  password?: Secret | undefined;
  /** Called when the state changes, not for each failed command. */
  onStateChange?: (isUp: boolean, cause?: Error) => void;
}

export interface RedisConnection {
  /** Runs commands on the shared connection. @throws DependencyError `redis`, at once while the breaker is open. */
  run<T>(work: (redis: Redis) => Promise<T>): Promise<T>;
  /** The same on the limiter's connection. */
  runForLimiter<T>(work: (redis: Redis) => Promise<T>): Promise<T>;
  readonly limiterClient: Redis;
  isUp(): boolean;
  /** A connection of its own, for blocking reads or subscriptions; whoever asks for it ends it. */
  duplicate(overrides?: RedisOptions): Redis;
  /** Time in ms that a write and a read take. @throws DependencyError `redis`, also when a full server takes no writes. */
  ping(): Promise<number>;
  /** Waits until connected, `limitMs` at most, and resolves either way. @throws DependencyError for a Redis Cluster. */
  settle(limitMs: number): Promise<void>;
  close(): void;
}

/**
 * Redis with every wait bounded. ioredis' defaults would queue commands through an outage, so the offline queue is off
 * and nothing is retried or re-sent; one failure opens a breaker, which a probe in the background closes again.
 */
export function createRedisConnection(options: RedisConnectionOptions): RedisConnection {
  const connect = (overrides: RedisOptions = {}): Redis => {
    const redisOptions: RedisOptions = {
      ...parseRedisUrl(options.url),
      ...(options.password && { password: options.password.read() }),
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      connectTimeout: connectLimitMs,
      keepAlive: 10_000,
      reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 1 : false),
      retryStrategy(attempt) {
        // A rotated password reaches the next connection.
        if (options.password) client.options.password = options.password.read();
        return Math.min(100 * attempt, 1000);
      },
      ...overrides,
    };
    const client: Redis = new Redis({ ...redisOptions, replyMapping: 'legacy' });
    // ioredis wants a listener; the breaker reports state changes, once.
    client.on('error', ignore);
    return client;
  };
  const client = connect();
  const limiterClient = connect({ connectionName: 'limiter' });

  const breaker = circuitBreaker(handleWhen(isOutage), {
    breaker: new ConsecutiveBreaker(1),
    halfOpenAfter: probeIntervalMs / 2,
  });
  let isReportedDown = false;
  breaker.onBreak((reason) => {
    if (!isReportedDown) options.onStateChange?.(false, 'error' in reason ? reason.error : undefined);
    isReportedDown = true;
  });
  breaker.onReset(() => {
    options.onStateChange?.(true);
    isReportedDown = false;
  });

  let isClosed = false;
  let missedProbes = 0;
  async function probe(): Promise<void> {
    try {
      await breaker.execute(() => limited(Promise.all([tryWrite(client), limiterClient.ping()])));
      missedProbes = 0;
    } catch {
      missedProbes += 1;
      if (missedProbes % probesBeforeReconnect === 0)
        for (const each of [client, limiterClient]) reconnect(each);
    }
  }
  // The first connection is given its time: a probe before would report an outage at every start.
  const connected = Promise.all([becomeReady(client), becomeReady(limiterClient)]);
  let probing: NodeJS.Timeout | undefined;
  void withTimeLimit(connected, connectLimitMs, () => unavailable())
    .catch(ignore)
    .then(() => {
      if (isClosed) return;
      probing = setInterval(() => void probe(), probeIntervalMs);
      probing.unref();
    });

  async function run<T>(redis: Redis, work: (redis: Redis) => Promise<T>): Promise<T> {
    // Only the probe tests a broken connection, so that no request ever waits for it.
    if (breaker.state !== CircuitState.Closed) throw unavailable();
    try {
      return await breaker.execute(() => limited(work(redis)));
    } catch (error) {
      throw isOutage(error) ? unavailable(error) : error;
    }
  }

  return {
    run: (work) => run(client, work),
    runForLimiter: (work) => run(limiterClient, work),
    limiterClient,
    isUp: () => breaker.state === CircuitState.Closed,
    duplicate: connect,
    async ping() {
      const startedAtMs = performance.now();
      await run(client, tryWrite);
      return performance.now() - startedAtMs;
    },
    async settle(limitMs) {
      await withTimeLimit(connected, limitMs, () => unavailable()).catch(ignore);
      await probe();
      if (breaker.state === CircuitState.Closed) await refuseCluster(client);
    },
    close() {
      isClosed = true;
      clearInterval(probing);
      client.disconnect();
      limiterClient.disconnect();
    },
  };
}

/** A full server that evicts nothing answers reads, and refuses what every chat has to write. */
async function tryWrite(redis: Redis): Promise<void> {
  await Promise.all([redis.set(probeKey, '', 'PX', 1), redis.get(probeKey)]);
}

function becomeReady(client: Redis): Promise<void> {
  if (client.status === 'ready') return Promise.resolve();
  return new Promise((resolve) => client.once('ready', () => resolve()));
}

/** The atomic steps here span several keys, which a cluster would refuse one by one, and late. */
async function refuseCluster(client: Redis): Promise<void> {
  if (/cluster_enabled:1/.test(await client.info('cluster'))) {
    throw new DependencyError(
      'redis',
      'rejected',
      'REDIS_URL leads to a Redis Cluster: use one Redis or Sentinel',
    );
  }
}

function reconnect(client: Redis): void {
  if (client.status === 'ready' || client.status === 'connect') client.disconnect(true);
}

function limited<T>(work: Promise<T>): Promise<T> {
  const overdue = () => unavailable(new Error(`no reply within ${commandLimitMs} ms`), 'timeout');
  return withTimeLimit(work.catch(throwWithoutArguments), commandLimitMs, overdue);
}

/** A refused command's arguments are people's texts and session ids, and errors go into logs. */
function throwWithoutArguments(error: unknown): never {
  if (error instanceof ReplyError) delete (error as { command?: unknown }).command;
  throw error;
}

/** A reply that calls a command wrong is our bug; one that says the server cannot serve is an outage. */
const outageReply = /^(LOADING|READONLY|MASTERDOWN|OOM|MISCONF|NOAUTH|WRONGPASS)/;

/** What our own code throws over a record that it can't read; no fault of the server. */
const ownFaults = [SyntaxError, TypeError, RangeError, ReferenceError];

function isOutage(error: unknown): boolean {
  if (error instanceof ReplyError) return outageReply.test((error as Error).message);
  return !ownFaults.some((kind) => error instanceof kind);
}

function unavailable(cause?: unknown, reason: 'timeout' | 'unavailable' = 'unavailable'): DependencyError {
  if (cause instanceof DependencyError) return cause;
  return new DependencyError('redis', reason, 'Redis does not answer', { retryable: true, cause });
}

function ignore(): void {}
