import { inArray, sql } from 'drizzle-orm';
import type { FeedbackEvent } from '../../../domain/statistics/statistics-event.ts';
import type { Database } from '../client.ts';
import { feedback } from '../schema/statistics.ts';

type Rating = Pick<FeedbackEvent, 'at' | 'rating'>;

const keyOf = (requestId: string, userId: string) => JSON.stringify([requestId, userId]);

/** Keeps the newest rating of each user and answer; returns those that are new, each with the one it replaces. */
export const writeFeedback = async (
  database: Database,
  events: readonly FeedbackEvent[],
): Promise<{ rating: Rating; replaced: Rating | undefined }[]> => {
  if (events.length === 0) return [];
  const oldestFirst = [...events].sort((one, other) => one.at.getTime() - other.at.getTime());
  const newest = new Map(oldestFirst.map((event) => [keyOf(event.id, event.userId), event]));
  const rows = await database
    .select()
    .from(feedback)
    .where(inArray(feedback.requestId, [...new Set(events.map(({ id }) => id))]));
  const stored = new Map(rows.map((row) => [keyOf(row.requestId, row.userId), row]));
  const changes = [...newest].flatMap(([key, event]) => {
    const replaced = stored.get(key);
    return replaced === undefined || replaced.at < event.at ? [{ rating: event, replaced }] : [];
  });
  if (changes.length === 0) return [];
  await database
    .insert(feedback)
    .values(
      changes.map(({ rating: { id, userId, at, rating, comment } }) => ({
        requestId: id,
        userId,
        at,
        rating,
        comment,
      })),
    )
    .onConflictDoUpdate({
      target: [feedback.requestId, feedback.userId],
      set: { at: sql`excluded.at`, rating: sql`excluded.rating`, comment: sql`excluded.comment` },
    });
  return changes;
};
