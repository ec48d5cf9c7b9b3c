import { eq, sql } from 'drizzle-orm';
import type { UserStatistics } from '../../../domain/statistics/statistics-store.ts';
import type { Database } from '../client.ts';
import {
  chatInteractions,
  feedback,
  queryAnalytics,
  questionAskers,
  userActivity,
  userSessions,
} from '../schema/statistics.ts';

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
