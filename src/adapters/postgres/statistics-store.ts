import driver from 'postgres';
import { createReportWindow } from '../../domain/statistics/report-window.ts';
import type { ImportBatch, StatisticsStore } from '../../domain/statistics/statistics-store.ts';
import { UnstorableEventsError } from '../../domain/statistics/statistics-store.ts';
import type { Database, Postgres } from './client.ts';
import { importedRows } from './schema/statistics.ts';
import { deleteSubject, searchSubject } from './statistics/erasure.ts';
import { addCountedQuestions } from './statistics/questions.ts';
import { readPerformance, readUsage } from './statistics/reports.ts';
import { dropOutdated } from './statistics/retention.ts';
import { readUser } from './statistics/user-data.ts';
import { type TrackingOptions, writeEvents } from './statistics/write-events.ts';
import { writeStatistics, writeStatisticsOnce } from './statistics/write-transaction.ts';

export interface StatisticsStoreOptions extends TrackingOptions {
  /** STATISTICS_RETENTION_DAYS */
  retentionDays: number;
  /** Users who must have asked a question before it is listed. */
  minUsersPerQuestion: number;
  now?: () => Date;
}

const readLimitMs = 5_000;
const writeLimitMs = 10_000;
/** Deletes of a first run after years, or of a user with a long history. */
const cleanUpLimitMs = 120_000;

export const createPostgresStatisticsStore = (
  postgres: Postgres,
  { retentionDays, minUsersPerQuestion, now = () => new Date(), ...tracking }: StatisticsStoreOptions,
): StatisticsStore => ({
  recordEvents: (events) =>
    writeStatistics(postgres, writeLimitMs, (database) => writeEvents(database, events, tracking)).catch(
      refuseUnstorable,
    ),

  importBatch: (batch) =>
    writeStatistics(postgres, writeLimitMs, async (database) => {
      const { events, questions } = await withoutImported(database, batch);
      await writeEvents(database, events, tracking);
      await addCountedQuestions(database, questions);
      return events.length + questions.length;
    }).catch(refuseUnstorable),

  getUsage: (days) =>
    postgres.run(
      (database) => readUsage(database, createReportWindow(now(), days), now(), minUsersPerQuestion),
      { timeoutMs: readLimitMs },
    ),

  getPerformance: (days) =>
    postgres.run((database) => readPerformance(database, createReportWindow(now(), days)), {
      timeoutMs: readLimitMs,
    }),

  applyRetention: () =>
    writeStatisticsOnce(postgres, cleanUpLimitMs, async (database) => ({
      droppedDays: await dropOutdated(database, now(), retentionDays),
    })),

  exportUser: (userId) =>
    postgres.run((database) => readUser(database, userId), { timeoutMs: cleanUpLimitMs }),

  erase: (subject) =>
    writeStatistics(postgres, cleanUpLimitMs, (database) => deleteSubject(database, subject, now())),

  search: (subject) =>
    postgres.run((database) => searchSubject(database, subject), { timeoutMs: cleanUpLimitMs }),
});

const withoutImported = async (
  database: Database,
  { events, questions }: ImportBatch,
): Promise<ImportBatch> => {
  const ids = [...events, ...questions].map(({ id }) => ({ id }));
  if (ids.length === 0) return { events, questions };
  const rows = await database.insert(importedRows).values(ids).onConflictDoNothing().returning();
  const isNew = new Set(rows.map(({ id }) => id));
  return {
    events: events.filter(({ id }) => isNew.has(id)),
    questions: questions.filter(({ id }) => isNew.has(id)),
  };
};

/** Classes of Postgres errors (documentation, appendix A) that the data causes: data exception, integrity violation. */
const dataErrors = /^2[23]/;

const refuseUnstorable = (error: unknown): never => {
  const isDataError = error instanceof driver.PostgresError && dataErrors.test(error.code);
  throw isDataError ? new UnstorableEventsError({ cause: error }) : error;
};
