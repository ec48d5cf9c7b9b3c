import { inArray, sql } from 'drizzle-orm';
import { type Count, countLastSeen } from '../../../domain/statistics/count-events.ts';
import { startOfHour } from '../../../domain/statistics/report-window.ts';
import type { InteractionEvent } from '../../../domain/statistics/statistics-event.ts';
import type { Database } from '../client.ts';
import { userActivity } from '../schema/statistics.ts';

/** Notes when users were last seen, and returns how the counts of users by hour change with that. */
export const writeLastSeen = async (
  database: Database,
  interactions: readonly InteractionEvent[],
): Promise<Count[]> => {
  if (interactions.length === 0) return [];
  const seen = new Map<string, Date>();
  for (const { userId, at } of interactions) {
    const hour = startOfHour(at);
    if (hour > (seen.get(userId) ?? new Date(0))) seen.set(userId, hour);
  }
  const rows = await database
    .select()
    .from(userActivity)
    .where(inArray(userActivity.userId, [...seen.keys()]));
  const stored = new Map(rows.map((row) => [row.userId, row.lastSeenHour]));
  const changes = [...seen].flatMap(([userId, to]) => {
    const from = stored.get(userId);
    return from === undefined || from < to ? [{ userId, from, to }] : [];
  });
  if (changes.length === 0) return [];
  await database
    .insert(userActivity)
    .values(changes.map(({ userId, to }) => ({ userId, lastSeenHour: to })))
    .onConflictDoUpdate({ target: userActivity.userId, set: { lastSeenHour: sql`excluded.last_seen_hour` } });
  return changes.flatMap(countLastSeen);
};
