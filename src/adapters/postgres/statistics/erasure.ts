import { and, eq, inArray, type SQL, sql } from 'drizzle-orm';
import { countLastSeen } from '../../../domain/statistics/count-events.ts';
import type { SearchedPlace, StatisticsSubject, Trace } from '../../../domain/statistics/data-subject.ts';
import type { ErasedStatistics } from '../../../domain/statistics/statistics-store.ts';
import type { Database } from '../client.ts';
import {
  chatInteractions,
  erasedUsers,
  feedback,
  searchPerformance,
  userActivity,
  userSessions,
} from '../schema/statistics.ts';
import { eraseAsker, uncountQuestions } from './questions.ts';
import { addCounts } from './rollups.ts';

/** The name under which events of the subject are refused from now on. */
const tombstoneOf = ({ userId, sessionHash }: StatisticsSubject) => sessionHash ?? userId;

/** Needs the writer's lock. */
export const deleteSubject = async (
  database: Database,
  subject: StatisticsSubject,
  erasedAt: Date,
): Promise<ErasedStatistics> => {
  await database
    .insert(erasedUsers)
    .values({ userId: tombstoneOf(subject), erasedAt })
    .onConflictDoUpdate({ target: erasedUsers.userId, set: { erasedAt } });
  const { userId, sessionHash } = subject;
  return sessionHash === undefined
    ? deleteUser(database, userId)
    : deleteSession(database, { userId, sessionHash });
};

const deleteUser = async (database: Database, userId: string): Promise<ErasedStatistics> => {
  const interactions = await deleteInteractions(database, eq(chatInteractions.userId, userId));
  const searches = await deleteSearchesOf(database, interactions);
  const sessions = await database.delete(userSessions).where(eq(userSessions.userId, userId)).returning();
  const ratings = await database.delete(feedback).where(eq(feedback.userId, userId)).returning();
  const questions = await eraseAsker(database, userId);
  const seen = await database.delete(userActivity).where(eq(userActivity.userId, userId)).returning();
  await addCounts(
    database,
    seen.flatMap(({ lastSeenHour }) => countLastSeen({ from: lastSeenHour })),
  );
  const rows = interactions.length + searches + sessions.length + ratings.length + questions + seen.length;
  return { rows, requestIds: interactions.map(({ id }) => id) };
};

/** Of somebody who shares their name with others: what names only that user stays. */
const deleteSession = async (
  database: Database,
  { userId, sessionHash }: Required<StatisticsSubject> & { sessionHash: string },
): Promise<ErasedStatistics> => {
  const ofSession = and(eq(chatInteractions.userId, userId), eq(chatInteractions.sessionHash, sessionHash));
  const interactions = await deleteInteractions(database, ofSession);
  const searches = await deleteSearchesOf(database, interactions);
  const sessions = await database
    .delete(userSessions)
    .where(eq(userSessions.sessionHash, sessionHash))
    .returning();
  const requestIds = interactions.map(({ id }) => id);
  const ratings = await database
    .delete(feedback)
    .where(and(eq(feedback.userId, userId), inArray(feedback.requestId, requestIds)))
    .returning();
  const questions = await uncountQuestions(database, interactions);
  return {
    rows: interactions.length + searches + sessions.length + ratings.length + questions,
    requestIds,
  };
};

const deleteInteractions = (database: Database, which: SQL | undefined) =>
  database.delete(chatInteractions).where(which).returning({
    id: chatInteractions.id,
    at: chatInteractions.at,
    question: chatInteractions.question,
    responseTimeMs: chatInteractions.responseTimeMs,
    errorCode: chatInteractions.errorCode,
  });

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

/** Columns that name somebody, wherever they are: a table that is added later is searched as well. */
const namingColumns = async (database: Database, column: string) =>
  database.execute<{ table: string }>(sql`
    SELECT relname AS table FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE attname = ${column} AND relkind IN ('r', 'p') AND NOT relispartition
      AND relnamespace = current_schema()::regnamespace
    ORDER BY relname`);

/** Reads table by table, without a transaction, so that it never stands in a writer's way. */
export const searchSubject = async (
  database: Database,
  { userId, sessionHash }: StatisticsSubject,
): Promise<SearchedPlace> => {
  const [column, name] = sessionHash === undefined ? ['user_id', userId] : ['session_hash', sessionHash];
  const found: Trace[] = [];
  const tables = (await namingColumns(database, column)).map(({ table }) => table);
  for (const table of tables.filter((each) => each !== 'erased_users')) {
    const [row] = await database.execute<{ count: number }>(sql`
      SELECT count(*)::int AS count FROM ${sql.identifier(table)} WHERE ${sql.identifier(column)} = ${name}`);
    if (row !== undefined && row.count > 0) found.push({ place: `postgres ${table}`, records: row.count });
  }
  return { place: 'postgres', found };
};
