import { BrokenCircuitError, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import type { PgDatabase } from 'drizzle-orm/pg-core';
import { drizzle, type PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js';
import postgres, { type Sql } from 'postgres';
import { DependencyError, isDependencyError } from '../../domain/errors.ts';
import { withTimeLimit } from '../time-limit.ts';
import { toDependencyError } from './map-error.ts';

/** The pool, or a transaction on it. */
export type Database = PgDatabase<PostgresJsQueryResultHKT>;

export interface PostgresOptions {
  url: string;
  /** Asked at every new connection, so that a rotated password needs no restart. */
  password?: (() => string) | undefined;
  poolSize: number;
  /** How long a unit of work may take, waiting for a connection included. Default 2000. */
  timeoutMs?: number | undefined;
  applicationName?: string | undefined;
}

export interface Postgres {
  /**
   * Runs one unit of work on a pooled connection.
   * @throws DependencyError `postgres` when the server is out, frozen, or has too much waiting already; what `work`
   *   throws otherwise. After a timeout the work may still be carried out: it must bear that.
   */
  run<T>(work: (database: Database) => Promise<T>, options?: { timeoutMs?: number }): Promise<T>;
  /** Runs `work` with a connection of its own that no limit cuts short: for locks that live as long as a session. */
  withSession<T>(work: (session: Sql) => Promise<T>): Promise<T>;
  /** Round trip time in ms. @throws DependencyError */
  ping(): Promise<number>;
  close(): Promise<void>;
}

const connectTimeoutSeconds = 2;
/** The driver's own pause grows to 20 s, and outlasts the outage; here the breaker keeps calls away. */
const reconnectPauseSeconds = 0.2;
/** A connection this old is replaced: it may hang on a server or proxy that is long gone. */
const maxLifetimeSeconds = 30 * 60;
/** Waiting work per connection; more than this cannot be done within any sensible limit. */
const waitingPerConnection = 32;
const failuresUntilRebuild = 3;
const pauseAfterRebuildMs = 1000;

const isOutage = (error: unknown) =>
  isDependencyError(error, 'postgres') && (error.reason === 'timeout' || error.reason === 'unavailable');

const overdue = (timeoutMs: number) =>
  new DependencyError('postgres', 'timeout', `Postgres took over ${timeoutMs} ms`, { retryable: true });

/**
 * A bounded client: the driver itself waits for ever on a frozen server and keeps dead pools, so work has a limit here,
 * and after failures in a row the pool is thrown away and built anew.
 */
export function createPostgres(options: PostgresOptions): Postgres {
  const { poolSize, timeoutMs: defaultTimeoutMs = 2000 } = options;
  let pool = openPool(options, poolSize, defaultTimeoutMs);
  let pending = 0;

  const breaker = circuitBreaker(handleWhen(isOutage), {
    halfOpenAfter: pauseAfterRebuildMs,
    breaker: new ConsecutiveBreaker(failuresUntilRebuild),
  });
  breaker.onBreak(() => {
    const broken = pool;
    pool = openPool(options, poolSize, defaultTimeoutMs);
    void broken.sql.end({ timeout: 0 });
  });

  async function start<T>(work: (database: Database) => Promise<T>): Promise<T> {
    pending += 1;
    try {
      return await work(pool.database);
    } catch (error) {
      throw toDependencyError(error);
    } finally {
      pending -= 1;
    }
  }

  const run: Postgres['run'] = async (work, { timeoutMs = defaultTimeoutMs } = {}) => {
    if (pending >= poolSize * (1 + waitingPerConnection)) {
      throw new DependencyError('postgres', 'unavailable', 'Too much work waits for Postgres');
    }
    try {
      return await breaker.execute(() => withTimeLimit(start(work), timeoutMs, () => overdue(timeoutMs)));
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error;
      throw new DependencyError('postgres', 'unavailable', 'Postgres is being left alone after failures', {
        retryable: true,
        cause: error,
      });
    }
  };

  return {
    run,
    async withSession(work) {
      const session = openConnections(options, { max: 1, max_lifetime: null });
      try {
        return await work(session);
      } catch (error) {
        throw toDependencyError(error);
      } finally {
        await session.end({ timeout: 1 });
      }
    },
    async ping() {
      const startedAtMs = performance.now();
      await run((database) => database.execute('select 1'), { timeoutMs: 1000 });
      return performance.now() - startedAtMs;
    },
    close: () => pool.sql.end({ timeout: 1 }),
  };
}

function openPool(options: PostgresOptions, poolSize: number, statementTimeoutMs: number) {
  const sql = openConnections(
    options,
    { max: poolSize, max_lifetime: maxLifetimeSeconds },
    statementTimeoutMs,
  );
  return { sql, database: drizzle(sql) };
}

function openConnections(
  { url, password, applicationName = 'tum-chatbot' }: PostgresOptions,
  limits: { max: number; max_lifetime: number | null },
  statementTimeoutMs = 0,
): Sql {
  return postgres(url, {
    ...limits,
    ...(password && { password }),
    connect_timeout: connectTimeoutSeconds,
    backoff: () => reconnectPauseSeconds,
    onnotice: () => {},
    connection: {
      application_name: applicationName,
      statement_timeout: statementTimeoutMs,
      // A plan made for any value reads a third of a table where the real value asks for its last days.
      plan_cache_mode: 'force_custom_plan',
      // Starting workers takes longer than any query here.
      max_parallel_workers_per_gather: 0,
    },
  });
}
