import { sql } from 'drizzle-orm';
import type { Database, Postgres } from '../client.ts';
import { runTransaction } from '../run-transaction.ts';

/** Any numbers that no other part of the service locks. */
const writerLockKey = 7_203_011;
const retentionLockKey = 7_203_012;

/**
 * Waits until no other transaction writes statistics. One writer at a time is many times faster than chats arrive,
 * and with it replicas that drain, drop old days or erase a user at once can neither deadlock nor count twice.
 * A writer that falls silent loses the lock within the limit.
 */
const lockWriters = async (transaction: Database, limitMs: number): Promise<void> => {
  await transaction.execute(sql`
    SELECT set_config('statement_timeout', ${`${limitMs}ms`}, true),
           set_config('idle_in_transaction_session_timeout', ${`${limitMs}ms`}, true)`);
  await transaction.execute(sql`SELECT pg_advisory_xact_lock(${writerLockKey})`);
};

/** Runs `work` in a transaction, alone among those that write; the wait for its turn counts for the limit. */
export const writeStatistics = <T>(
  postgres: Postgres,
  limitMs: number,
  work: (database: Database) => Promise<T>,
): Promise<T> =>
  postgres.run(
    (database) =>
      runTransaction(database, async (transaction) => {
        await lockWriters(transaction, limitMs);
        return work(transaction);
      }),
    { timeoutMs: limitMs },
  );

/** The same for work that one replica does for all: undefined, at once, while another one is at it. */
export const writeStatisticsOnce = <T>(
  postgres: Postgres,
  limitMs: number,
  work: (database: Database) => Promise<T>,
): Promise<T | undefined> =>
  postgres.run(
    (database) =>
      runTransaction(database, async (transaction) => {
        const [row] = await transaction.execute<{ locked: boolean }>(
          sql`SELECT pg_try_advisory_xact_lock(${retentionLockKey}) AS locked`,
        );
        if (row?.locked !== true) return undefined;
        await lockWriters(transaction, limitMs);
        return work(transaction);
      }),
    { timeoutMs: limitMs },
  );
