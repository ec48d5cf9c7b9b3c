/** How long the statistics endpoints' reports take with little and with much history. `npm run bench:statistics`. */
import { createPostgresStatisticsStore } from '../../src/adapters/postgres/statistics-store.ts';
import { type StatisticsDatabase, startStatisticsDatabase } from '../fixtures/statistics-database.ts';

const now = new Date('2026-03-01T12:30:00Z');
const callsPerReport = 200;

/**
 * Fills what reports read as this many interactions leave it, in the order of time: 90 days, 50,000 users, a third of the questions asked
 * once, the others out of 3,000.
 */
const fill = async ({ sql, clear }: StatisticsDatabase, interactions: number) => {
  await clear();
  await sql`DROP TABLE IF EXISTS asked`;
  await sql`
    CREATE UNLOGGED TABLE asked AS
    SELECT ${now}::timestamptz - random() * interval '90 days' AS at,
      'user-' || floor(random() * 50000) AS user_id,
      CASE WHEN random() < 0.33 THEN 'rare ' || n ELSE 'frequent ' || floor(3000 * random() ^ 3) END AS question,
      300 + floor(200 * random() ^ 2) AS bucket,
      (ARRAY['Munich', 'Garching', 'Heilbronn', 'unknown'])[1 + floor(random() * 4)] AS campus
    FROM generate_series(1, ${interactions}::int) AS n`;
  for (const [hours, unit] of [
    [1, 'hour'],
    [24, 'day'],
  ] as const) {
    await sql`
      INSERT INTO statistics_rollups (period_hours, metric, starts_at, label, value)
      SELECT ${hours}, metric, starts_at, label, sum(value) FROM (
        SELECT metric, date_trunc(${unit}, at, 'UTC') AS starts_at, label, value
        FROM asked CROSS JOIN LATERAL (VALUES ('interactions', '', 1), ('answered', '', 1), ('response_us', '', 900000),
          ('search_method', 'hybrid', 1), ('role', 'student', 1), ('campus', campus, 1), ('latency', bucket::text, 1),
          ('search_count', 'hybrid', 1), ('search_us', 'hybrid', 20000), ('last_seen', '', 1)) AS counted(metric, label, value)
      ) AS counts GROUP BY 2, 3, 4 ORDER BY 3`;
  }
  await sql`
    INSERT INTO question_askers SELECT DISTINCT md5(question), user_id, (at AT TIME ZONE 'UTC')::date FROM asked`;
  await sql`
    INSERT INTO query_analytics
    SELECT md5(question), (at AT TIME ZONE 'UTC')::date, question, count(*), 900000 * count(*), count(DISTINCT user_id)
    FROM asked GROUP BY question, 2 ORDER BY 2`;
  await sql`VACUUM ANALYZE`;
};

/** Times in ms, ascending. */
const measure = async (call: () => Promise<unknown>) => {
  const times: number[] = [];
  for (let n = 0; n < callsPerReport; n += 1) {
    const startedAt = performance.now();
    await call();
    times.push(performance.now() - startedAt);
  }
  return times.sort((one, other) => one - other);
};

const percentile = (sorted: readonly number[], share: number) =>
  (sorted[Math.ceil(sorted.length * share) - 1] ?? 0).toFixed(1);

const printRow = (...cells: unknown[]) => console.log(cells.map((cell) => String(cell).padEnd(24)).join(''));

const database = await startStatisticsDatabase();
try {
  const store = createPostgresStatisticsStore(database.postgres, {
    retentionDays: 90,
    minUsersPerQuestion: 3,
    trackUserSessions: true,
    trackQueryAnalytics: true,
    now: () => now,
  });
  printRow('interactions', 'report', 'p50 (ms)', 'p95 (ms)');
  for (const interactions of [10_000, 1_000_000]) {
    await fill(database, interactions);
    for (const [name, report] of [
      ['usage, 30 days', () => store.getUsage(30)],
      ['usage, 365 days', () => store.getUsage(365)],
      ['performance, 7 days', () => store.getPerformance(7)],
      ['performance, 30 days', () => store.getPerformance(30)],
    ] as const) {
      const times = await measure(report);
      printRow(interactions, name, percentile(times, 0.5), percentile(times, 0.95));
    }
  }
} finally {
  await database.stop();
}
