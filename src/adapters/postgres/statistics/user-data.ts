import { eq, sql } from 'drizzle-orm';
import { countLastSeen } from '../../../domain/statistics/count-events.ts';
import type { UserStatistics } from '../../../domain/statistics/statistics-store.ts';
import type { Database } from '../client.ts';
import {
  chatInteractions,
  erasedUsers,
  feedback,
  queryAnalytics,
  questionAskers,
  searchPerformance,
  userActivity,
  userSessions,
} from '../schema/statistics.ts';
import { eraseAsker } from './questions.ts';
import { addCounts } from './rollups.ts';

/** Reads table by table, without a transaction, so that it never stands in a writer's way. */
export const readUser = async (database: Database, userId: string): Promise<UserStatistics> => ({
  chat_interactions: await database
    .select()
    .from(chatInteractions)
    .where(eq(chatInteractions.userId, userId)),
  user_sessions: await database.select().from(userSessions).where(eq(userSessions.userId, userId)),
  feedback: await database.select().from(feedback).where(eq(feedback.userId, userId)),
  query_analytics: await database
    .select({ day: questionAskers.day, question: queryAnalytics.question })
    .from(questionAskers)
    .innerJoin(
      queryAnalytics,
      sql`${queryAnalytics.questionHash} = ${questionAskers.questionHash} AND ${queryAnalytics.day} = ${questionAskers.day}`,
    )
    .where(eq(questionAskers.userId, userId)),
  user_activity: await database.select().from(userActivity).where(eq(userActivity.userId, userId)),
});

/** Needs the writer's lock. Returns how many rows went. */
export const deleteUser = async (database: Database, userId: string, erasedAt: Date): Promise<number> => {
  await database
    .insert(erasedUsers)
    .values({ userId, erasedAt })
    .onConflictDoUpdate({ target: erasedUsers.userId, set: { erasedAt } });
  const interactions = await database
    .delete(chatInteractions)
    .where(eq(chatInteractions.userId, userId))
    .returning({ id: chatInteractions.id, at: chatInteractions.at });
  const searches = await deleteSearchesOf(database, interactions);
  const sessions = await database.delete(userSessions).where(eq(userSessions.userId, userId)).returning();
  const ratings = await database.delete(feedback).where(eq(feedback.userId, userId)).returning();
  const questions = await eraseAsker(database, userId);
  const seen = await database.delete(userActivity).where(eq(userActivity.userId, userId)).returning();
  await addCounts(
    database,
    seen.flatMap(({ lastSeenHour }) => countLastSeen({ from: lastSeenHour })),
  );
  return interactions.length + searches + sessions.length + ratings.length + questions + seen.length;
};

/** Rows of searches carry no user, but the id of the chat they belong to. */
const deleteSearchesOf = async (
  database: Database,
  interactions: readonly { id: string; at: Date }[],
): Promise<number> => {
  const keys = interactions.map(({ id, at }) => ({ id, at: at.toISOString() }));
  const deleted = await database.execute(sql`
    DELETE FROM ${searchPerformance} AS search
    USING jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) AS chat(id text, at timestamptz)
    WHERE search.id = chat.id AND search.at = chat.at
    RETURNING search.id`);
  return deleted.length;
};
