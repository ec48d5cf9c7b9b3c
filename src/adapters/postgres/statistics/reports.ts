import { sql } from 'drizzle-orm';
import type { RollupMetric } from '../../../domain/statistics/count-events.ts';
import { findPercentileMs } from '../../../domain/statistics/latency-histogram.ts';
import { isoDay, type ReportWindow } from '../../../domain/statistics/report-window.ts';
import type { PerformanceReport, UsageReport } from '../../../domain/statistics/statistics-report.ts';
import type { Database } from '../client.ts';
import { sumLatencies } from './latencies.ts';

type Sums = Partial<Record<RollupMetric, Record<string, number>>>;

const usageMetrics = [
  'interactions',
  'answered',
  'response_us',
  'unanswered',
  'search_method',
  'role',
  'campus',
  'feedback',
  'last_seen',
  'input_tokens',
  'output_tokens',
  'thought_tokens',
  'cached_tokens',
] as const satisfies RollupMetric[];

const performanceMetrics = [
  'interactions',
  'answered',
  'errors',
  'cached',
  /** Of answers from before there were histograms; replicas of an older version may still count so during an update. */
  'latency',
  'search_count',
  'search_us',
  'search_results',
  'search_similarity',
] as const satisfies RollupMetric[];

/** Whole days come from the roll-ups of days, the hours before the first midnight from those of hours. */
const sumRollups = async (
  database: Database,
  { fromHour, fromDay }: ReportWindow,
  metrics: readonly RollupMetric[],
): Promise<Sums> => {
  const wanted = sql`metric = ANY (ARRAY[${sql.join(
    metrics.map((metric) => sql`${metric}`),
    sql`, `,
  )}])`;
  const rows = await database.execute<{ metric: RollupMetric; label: string; total: number }>(sql`
    SELECT metric, label, sum(value)::float8 AS total
    FROM (
      SELECT metric, label, value FROM statistics_rollups
      WHERE period_hours = 24 AND ${wanted} AND starts_at >= ${fromDay.toISOString()}
      UNION ALL
      SELECT metric, label, value FROM statistics_rollups
      WHERE period_hours = 1 AND ${wanted}
        AND starts_at >= ${fromHour.toISOString()} AND starts_at < ${fromDay.toISOString()}
    ) AS parts
    GROUP BY metric, label
    HAVING sum(value) <> 0`);
  const sums: Sums = {};
  for (const { metric, label, total } of rows) {
    sums[metric] ??= {};
    sums[metric][label] = total;
  }
  return sums;
};

const sumOf = (sums: Sums, metric: RollupMetric, label = ''): number => sums[metric]?.[label] ?? 0;
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** Rows of query_analytics that one report looks at, whatever is stored: the most frequent of each day. */
const questionsPerReport = 3000;
const leastQuestionsPerDay = 20;
/** Of those, so many that enough users asked are counted in full before the first ten are listed. */
const candidateCount = 20;
const listedQuestions = 10;

const findTopQuestions = async (
  database: Database,
  { fromHour }: ReportWindow,
  now: Date,
  minUsers: number,
): Promise<UsageReport['topQuestions']> => {
  const from = isoDay(fromHour);
  const days = Math.ceil((now.getTime() - fromHour.getTime()) / 86_400_000) + 1;
  const perDay = Math.max(leastQuestionsPerDay, Math.floor(questionsPerReport / days));
  // The order of `candidates` lets Postgres (17 and later) look for the users of as few of them as it takes.
  const rows = await database.execute<{ question: string; total: number }>(sql`
    WITH candidates AS MATERIALIZED (
      SELECT question_hash, sum(count) AS seen
      FROM generate_series(
        greatest(${from}::date, (SELECT min(day) FROM query_analytics)), ${isoDay(now)}::date, interval '1 day'
      ) AS each_day
      CROSS JOIN LATERAL (
        SELECT question_hash, count, askers FROM query_analytics
        WHERE day = each_day::date
        ORDER BY count DESC NULLS LAST
        LIMIT ${perDay}
      ) AS most_frequent
      GROUP BY question_hash
      HAVING sum(askers) >= ${minUsers}
      ORDER BY seen DESC, question_hash
    ), shared AS MATERIALIZED (
      SELECT question_hash FROM candidates
      WHERE (
        SELECT count(*) FROM (
          SELECT DISTINCT user_id FROM question_askers AS asker
          WHERE asker.question_hash = candidates.question_hash AND asker.day >= ${from}
          LIMIT ${minUsers}
        ) AS users
      ) >= ${minUsers} AND (
        SELECT count(*) FROM (
          SELECT DISTINCT address_hash FROM question_askers AS asker
          WHERE asker.question_hash = candidates.question_hash AND asker.day >= ${from} AND address_hash IS NOT NULL
          LIMIT ${minUsers}
        ) AS addresses
      ) + (
        SELECT count(*) FROM (
          SELECT DISTINCT user_id FROM question_askers AS asker
          WHERE asker.question_hash = candidates.question_hash AND asker.day >= ${from} AND address_hash IS NULL
          LIMIT ${minUsers}
        ) AS unplaced
      ) >= ${minUsers}
      ORDER BY seen DESC, question_hash
      LIMIT ${candidateCount}
    ), listed AS MATERIALIZED (
      SELECT question_hash, (
        SELECT sum(count)::float8 FROM query_analytics AS asked
        WHERE asked.question_hash = shared.question_hash AND asked.day >= ${from}
      ) AS total
      FROM shared
      ORDER BY total DESC, question_hash
      LIMIT ${listedQuestions}
    )
    SELECT total, (
      SELECT question FROM query_analytics AS asked WHERE asked.question_hash = listed.question_hash LIMIT 1
    ) AS question
    FROM listed
    ORDER BY total DESC, question`);
  return rows.map(({ question, total }) => ({ question, count: total }));
};

const tokensByModel = (sums: Sums): UsageReport['tokens'] =>
  Object.fromEntries(
    Object.keys(sums.input_tokens ?? {}).map((model) => [
      model,
      {
        inputTokens: sumOf(sums, 'input_tokens', model),
        outputTokens: sumOf(sums, 'output_tokens', model),
        thoughtTokens: sumOf(sums, 'thought_tokens', model),
        cachedTokens: sumOf(sums, 'cached_tokens', model),
      },
    ]),
  );

export const readUsage = async (
  database: Database,
  window: ReportWindow,
  now: Date,
  minUsers: number,
): Promise<UsageReport> => {
  const [sums, topQuestions] = await Promise.all([
    sumRollups(database, window, usageMetrics),
    findTopQuestions(database, window, now, minUsers),
  ]);
  return {
    totalInteractions: sumOf(sums, 'interactions'),
    uniqueUsers: sumOf(sums, 'last_seen'),
    averageResponseTimeMs: ratio(sumOf(sums, 'response_us'), sumOf(sums, 'answered')) / 1000,
    searchMethods: sums.search_method ?? {},
    userRoles: sums.role ?? {},
    campuses: sums.campus ?? {},
    topQuestions,
    unanswered: sumOf(sums, 'unanswered'),
    tokens: tokensByModel(sums),
    feedback: { up: sumOf(sums, 'feedback', 'up'), down: sumOf(sums, 'feedback', 'down') },
  };
};

export const readPerformance = async (
  database: Database,
  window: ReportWindow,
): Promise<PerformanceReport> => {
  const [sums, latencies] = await Promise.all([
    sumRollups(database, window, performanceMetrics),
    sumLatencies(database, window),
  ]);
  for (const [bucket, count] of Object.entries(sums.latency ?? {})) {
    latencies.set(Number(bucket), (latencies.get(Number(bucket)) ?? 0) + count);
  }
  const searches = Object.entries(sums.search_count ?? {}).map(([method, total]) => ({
    method,
    averageTimeMs: sumOf(sums, 'search_us', method) / total / 1000,
    averageResults: sumOf(sums, 'search_results', method) / total,
    averageSimilarity: sumOf(sums, 'search_similarity', method) / total / 1_000_000,
    total,
  }));
  return {
    percentiles: {
      p50Ms: findPercentileMs(latencies, 0.5),
      p95Ms: findPercentileMs(latencies, 0.95),
      p99Ms: findPercentileMs(latencies, 0.99),
    },
    searches: searches.sort((one, other) => other.total - one.total),
    errorRate: ratio(sumOf(sums, 'errors'), sumOf(sums, 'interactions')),
    cacheRate: ratio(sumOf(sums, 'cached'), sumOf(sums, 'answered')),
  };
};
