import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  date,
  doublePrecision,
  index,
  integer,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** One question with its answer. Partitioned by day (UTC), as the migration that creates it says. */
export const chatInteractions = pgTable(
  'chat_interactions',
  {
    id: text().notNull(),
    at: instant('at').notNull(),
    userId: text('user_id').notNull(),
    sessionHash: text('session_hash').notNull(),
    question: text().notNull(),
    response: text().notNull(),
    role: text(),
    campus: text(),
    language: text().notNull(),
    searchMethod: text('search_method').notNull(),
    resultsCount: integer('results_count').notNull(),
    topSimilarity: doublePrecision('top_similarity').notNull(),
    confidence: text().notNull(),
    answeredBy: text('answered_by').notNull(),
    cached: boolean().notNull(),
    degraded: text().array().notNull(),
    responseTimeMs: doublePrecision('response_time_ms').notNull(),
    model: text(),
    inputTokens: integer('input_tokens').notNull(),
    outputTokens: integer('output_tokens').notNull(),
    thoughtTokens: integer('thought_tokens'),
    cachedTokens: integer('cached_tokens'),
    errorCode: text('error_code'),
  },
  (table) => [primaryKey({ columns: [table.id, table.at] }), index().on(table.userId)],
);

/** One search, of a chat or on its own. Partitioned by day (UTC) as well. */
export const searchPerformance = pgTable(
  'search_performance',
  {
    id: text().notNull(),
    at: instant('at').notNull(),
    searchMethod: text('search_method').notNull(),
    resultsCount: integer('results_count').notNull(),
    topSimilarity: doublePrecision('top_similarity').notNull(),
    searchTimeMs: doublePrecision('search_time_ms').notNull(),
  },
  (table) => [primaryKey({ columns: [table.id, table.at] })],
);

export const userSessions = pgTable(
  'user_sessions',
  {
    sessionHash: text('session_hash').primaryKey(),
    userId: text('user_id').notNull(),
    startedAt: instant('started_at').notNull(),
    lastActiveAt: instant('last_active_at').notNull(),
    endedAt: instant('ended_at'),
    role: text(),
    campus: text(),
    /** Interactions written for it. */
    interactionCount: integer('interaction_count').notNull(),
    /** What the session itself had counted when it ended. */
    turnCount: integer('turn_count'),
  },
  (table) => [index().on(table.userId), index().on(table.lastActiveAt)],
);

/** The newest rating that a user gave an answer. */
export const feedback = pgTable(
  'feedback',
  {
    requestId: text('request_id').notNull(),
    userId: text('user_id').notNull(),
    at: instant('at').notNull(),
    rating: text().$type<'up' | 'down'>().notNull(),
    comment: text(),
  },
  (table) => [
    primaryKey({ columns: [table.requestId, table.userId] }),
    index().on(table.userId),
    index().on(table.at),
  ],
);

/**
 * Questions per day, masked and normalised. Mean time: total_time_us / count. The migrations add to both indexes what
 * reports read, so that these stay off the rows.
 */
export const queryAnalytics = pgTable(
  'query_analytics',
  {
    questionHash: text('question_hash').notNull(),
    day: date().notNull(),
    question: text().notNull(),
    count: integer().notNull(),
    totalTimeUs: bigint('total_time_us', { mode: 'number' }).notNull(),
    /** Different users who asked it that day. */
    askers: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.questionHash, table.day] }),
    index().on(table.day, table.count.desc()),
  ],
);

/**
 * Who asked what, by hash: decides whether enough users did for a question to be shown. Another user at the same address
 * has no row on that day.
 */
export const questionAskers = pgTable(
  'question_askers',
  {
    questionHash: text('question_hash').notNull(),
    userId: text('user_id').notNull(),
    day: date().notNull(),
    /** Null in rows of replicas that did not know it. */
    addressHash: text('address_hash'),
  },
  (table) => [
    primaryKey({ columns: [table.questionHash, table.userId, table.day] }),
    uniqueIndex().on(table.questionHash, table.addressHash, table.day),
    index('question_askers_without_address')
      .on(table.questionHash, table.userId)
      .where(sql`${table.addressHash} IS NULL`),
    index().on(table.userId),
    index().on(table.day),
  ],
);

/**
 * The hour in which each user last asked. A user was there in the last n hours exactly if this hour is among them,
 * so that users are counted without going through their days (metric `last_seen` of the roll-ups).
 */
export const userActivity = pgTable(
  'user_activity',
  {
    userId: text('user_id').primaryKey(),
    lastSeenHour: instant('last_seen_hour').notNull(),
  },
  (table) => [index().on(table.lastSeenHour)],
);

/**
 * Sums by hour and by day (UTC) over all that was ever written; nothing in them is anybody's. The primary key carries
 * the values along, as the migrations say: reports sum thousands of them.
 */
export const statisticsRollups = pgTable(
  'statistics_rollups',
  {
    /** 1 or 24 */
    periodHours: smallint('period_hours').notNull(),
    metric: text().notNull(),
    startsAt: instant('starts_at').notNull(),
    label: text().notNull(),
    value: bigint({ mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.periodHours, table.metric, table.startsAt, table.label] })],
);

/**
 * How long answers took, by hour and by day (UTC): one row per period, however many answers it has, so that reports
 * take the same time after a busy month and after a quiet one.
 */
export const latencyHistograms = pgTable(
  'latency_histograms',
  {
    /** 1 or 24 */
    periodHours: smallint('period_hours').notNull(),
    startsAt: instant('starts_at').notNull(),
    /** Bucket that the first of the counts belongs to; the next one belongs to the next bucket. */
    firstBucket: smallint('first_bucket').notNull(),
    counts: integer().array().notNull(),
  },
  (table) => [primaryKey({ columns: [table.periodHours, table.startsAt] })],
);

/** Users who were erased a short while ago: events of theirs that are still on the way are refused. */
export const erasedUsers = pgTable('erased_users', {
  userId: text('user_id').primaryKey(),
  erasedAt: instant('erased_at').notNull(),
});

/** Rows taken over from an older system, so that none is taken twice; they outlive the retention. */
export const importedRows = pgTable('imported_rows', { id: text().primaryKey() });
