import { createHash } from 'node:crypto';
import { and, eq, inArray, lte, sql } from 'drizzle-orm';
import { toMicroseconds } from '../../../domain/statistics/count-events.ts';
import { normalizeQuestion } from '../../../domain/statistics/normalize-question.ts';
import { isoDay } from '../../../domain/statistics/report-window.ts';
import type { InteractionEvent } from '../../../domain/statistics/statistics-event.ts';
import type { CountedQuestion } from '../../../domain/statistics/statistics-store.ts';
import type { Database } from '../client.ts';
import { queryAnalytics, questionAskers } from '../schema/statistics.ts';

type QuestionRow = typeof queryAnalytics.$inferInsert;

const hashOf = (question: string) => createHash('sha256').update(question).digest('base64url').slice(0, 22);

/** Counts what new, answered interactions asked, and who did. */
export const writeQuestions = async (
  database: Database,
  interactions: readonly InteractionEvent[],
): Promise<void> => {
  const asked = interactions
    .filter(({ errorCode }) => errorCode === undefined)
    .map(({ question, at, userId, addressHash, responseTimeMs }) => {
      const normalized = normalizeQuestion(question);
      return {
        row: {
          questionHash: hashOf(normalized),
          day: isoDay(at),
          question: normalized,
          count: 1,
          totalTimeUs: toMicroseconds(responseTimeMs),
          askers: 0,
        },
        userId,
        addressHash,
      };
    })
    .filter(({ row }) => row.question !== '');
  if (asked.length === 0) return;
  const newAskers = await database
    .insert(questionAskers)
    .values(
      asked.map(({ row: { questionHash, day }, userId, addressHash }) => ({
        questionHash,
        day,
        userId,
        addressHash,
      })),
    )
    // Neither a user nor an address counts twice, or one person could be as many users as it takes.
    .onConflictDoNothing()
    .returning({ questionHash: questionAskers.questionHash, day: questionAskers.day });
  await addQuestions(
    database,
    asked.map(({ row }) => row),
    newAskers,
  );
};

/** Adds what an older system had counted; who asked is not known. */
export const addCountedQuestions = (
  database: Database,
  questions: readonly CountedQuestion[],
): Promise<void> =>
  addQuestions(
    database,
    questions.map(({ question, day, count, averageTimeMs }) => ({
      questionHash: hashOf(question),
      day: isoDay(day),
      question,
      count,
      totalTimeUs: toMicroseconds(averageTimeMs) * count,
      askers: 0,
    })),
    [],
  );

const addQuestions = async (
  database: Database,
  questions: readonly QuestionRow[],
  newAskers: readonly { questionHash: string; day: string }[],
): Promise<void> => {
  const keyOf = ({ questionHash, day }: { questionHash: string; day: string }) => `${day}|${questionHash}`;
  const rows = new Map<string, QuestionRow>();
  for (const question of questions) {
    const row = rows.get(keyOf(question));
    if (row === undefined) rows.set(keyOf(question), { ...question });
    else {
      row.count += question.count;
      row.totalTimeUs += question.totalTimeUs;
    }
  }
  for (const asker of newAskers) {
    const row = rows.get(keyOf(asker));
    if (row !== undefined) row.askers += 1;
  }
  if (rows.size === 0) return;
  await database
    .insert(queryAnalytics)
    .values([...rows.values()])
    .onConflictDoUpdate({
      target: [queryAnalytics.questionHash, queryAnalytics.day],
      set: {
        count: sql`${queryAnalytics.count} + excluded.count`,
        totalTimeUs: sql`${queryAnalytics.totalTimeUs} + excluded.total_time_us`,
        askers: sql`${queryAnalytics.askers} + excluded.askers`,
      },
    });
};

/**
 * Takes the questions of one session of somebody who shares their name with others from the counts, and deletes what nobody
 * else asked on that day. Returns how many rows went.
 */
export const uncountQuestions = async (
  database: Database,
  interactions: readonly (Pick<InteractionEvent, 'question' | 'at' | 'responseTimeMs'> & {
    errorCode: string | null;
  })[],
): Promise<number> => {
  let deleted = 0;
  for (const { question, at, responseTimeMs } of interactions.filter(({ errorCode }) => errorCode === null)) {
    const [questionHash, day] = [hashOf(normalizeQuestion(question)), isoDay(at)];
    const ofThatDay = and(eq(queryAnalytics.day, day), eq(queryAnalytics.questionHash, questionHash));
    await database
      .update(queryAnalytics)
      .set({
        count: sql`${queryAnalytics.count} - 1`,
        totalTimeUs: sql`${queryAnalytics.totalTimeUs} - ${toMicroseconds(responseTimeMs)}`,
      })
      .where(ofThatDay);
    const gone = await database
      .delete(queryAnalytics)
      .where(and(ofThatDay, lte(queryAnalytics.count, 0)))
      .returning({ day: queryAnalytics.day });
    deleted += gone.length;
    if (gone.length > 0) {
      await database
        .delete(questionAskers)
        .where(and(eq(questionAskers.day, day), eq(questionAskers.questionHash, questionHash)));
    }
  }
  return deleted;
};

/** Unlinks a user from the questions of theirs, and deletes those that nobody else asked on that day. */
export const eraseAsker = async (database: Database, userId: string): Promise<number> => {
  const removed = await database.delete(questionAskers).where(eq(questionAskers.userId, userId)).returning();
  for (const day of new Set(removed.map((row) => row.day))) {
    const hashes = removed.filter((row) => row.day === day).map(({ questionHash }) => questionHash);
    const ofThatDay = and(eq(queryAnalytics.day, day), inArray(queryAnalytics.questionHash, hashes));
    await database
      .update(queryAnalytics)
      .set({ askers: sql`${queryAnalytics.askers} - 1` })
      .where(ofThatDay);
    await database.delete(queryAnalytics).where(and(ofThatDay, eq(queryAnalytics.askers, 0)));
  }
  return removed.length;
};
