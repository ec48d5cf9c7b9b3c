import { sql } from 'drizzle-orm';
import { type Count, rollUp } from '../../../domain/statistics/count-events.ts';
import type { Database } from '../client.ts';
import { statisticsRollups } from '../schema/statistics.ts';
import { addLatencies } from './latencies.ts';

/** Rows of one statement: below the 65,535 parameters that Postgres takes. */
const rowsPerStatement = 5000;

/** Adds counts to the roll-ups of their hours and days. Needs the writer's lock. */
export const addCounts = async (database: Database, counts: readonly Count[]): Promise<void> => {
  const rolledUp = rollUp(counts);
  await addLatencies(
    database,
    rolledUp.filter(({ metric }) => metric === 'latency'),
  );
  const rows = rolledUp.filter(({ metric }) => metric !== 'latency');
  for (let start = 0; start < rows.length; start += rowsPerStatement) {
    await database
      .insert(statisticsRollups)
      .values(rows.slice(start, start + rowsPerStatement))
      .onConflictDoUpdate({
        target: [
          statisticsRollups.periodHours,
          statisticsRollups.metric,
          statisticsRollups.startsAt,
          statisticsRollups.label,
        ],
        set: { value: sql`${statisticsRollups.value} + excluded.value` },
      });
  }
};
