import { and, eq, lt } from 'drizzle-orm';
import { addDays, isoDay, startOfDay } from '../../../domain/statistics/report-window.ts';
import type { Database } from '../client.ts';
import {
  erasedUsers,
  feedback,
  latencyHistograms,
  queryAnalytics,
  questionAskers,
  statisticsRollups,
  userActivity,
  userSessions,
} from '../schema/statistics.ts';
import { createPartitions, dropPartitionsBefore } from './partitions.ts';

const rollupDays = 400;
/** Longer than any event waits in the queue while Postgres is there to erase from. */
export const erasedUserDays = 7;
const partitionsAhead = 3;

/** Drops what is older than so many full days, and makes the partitions of the days to come. Needs the writer's lock. */
export const dropOutdated = async (
  database: Database,
  now: Date,
  retentionDays: number,
): Promise<string[]> => {
  const today = startOfDay(now);
  const cutoff = addDays(today, -retentionDays);
  const droppedDays = await dropPartitionsBefore(database, cutoff);
  await database.delete(userSessions).where(lt(userSessions.lastActiveAt, cutoff));
  await database.delete(feedback).where(lt(feedback.at, cutoff));
  await database.delete(queryAnalytics).where(lt(queryAnalytics.day, isoDay(cutoff)));
  await database.delete(questionAskers).where(lt(questionAskers.day, isoDay(cutoff)));
  await database.delete(userActivity).where(lt(userActivity.lastSeenHour, cutoff));
  await database
    .delete(statisticsRollups)
    .where(and(eq(statisticsRollups.metric, 'last_seen'), lt(statisticsRollups.startsAt, cutoff)));
  for (const table of [statisticsRollups, latencyHistograms])
    await database.delete(table).where(lt(table.startsAt, addDays(today, -rollupDays)));
  await database.delete(erasedUsers).where(lt(erasedUsers.erasedAt, addDays(today, -erasedUserDays)));
  await createPartitions(
    database,
    Array.from({ length: partitionsAhead + 1 }, (_, ahead) => addDays(today, ahead)),
  );
  return droppedDays;
};
