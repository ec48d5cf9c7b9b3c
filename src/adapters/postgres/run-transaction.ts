import type { Database } from './client.ts';
import { isConnectionLoss } from './map-error.ts';

/**
 * Runs `work` in a transaction; what `work` throws undoes it.
 * The driver would send even a lost connection a rollback, and the process would die of it with an error that nobody
 * can catch (porsager/postgres#1208). There is nothing to roll back then, so the failure is kept from the driver,
 * which rejects the transaction by itself as soon as it notices the close.
 */
export function runTransaction<T>(
  database: Database,
  work: (transaction: Database) => Promise<T>,
): Promise<T> {
  const untilDriverNotices = new Promise<never>(() => {});
  return database.transaction((transaction) =>
    work(transaction).catch((error: unknown) => {
      if (isConnectionLoss(error)) return untilDriverNotices;
      throw error;
    }),
  );
}
