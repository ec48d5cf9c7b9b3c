/**
 * How long the statistics endpoints take with little and with much history, side by side: whatever else keeps the
 * machine busy meets both. `npm run bench:statistics`.
 */
import { createPostgresStatisticsStore } from '../../src/adapters/postgres/statistics-store.ts';
import { createStatisticsRoutes } from '../../src/http/routes/statistics.ts';
import { type StatisticsDatabase, startStatisticsDatabase } from '../fixtures/statistics-database.ts';
import { interaction } from '../fixtures/statistics-events.ts';
import { percentile } from './percentile.ts';

const now = new Date('2026-03-01T12:30:00Z');
const historyDays = 90;
const sizes = [10_000, 1_000_000] as const;
const paths = [
  '/api/statistics?days=30',
  '/api/statistics?days=365',
  '/api/statistics/performance?days=7',
  '/api/statistics/performance?days=30',
];
const warmUpCalls = 50;
const calls = 300;

/**
 * Fills what reports read as so many interactions leave it, in the order of time: 90 days, 50,000 users, a third of the
 * questions asked once, the others out of 3,000. The last hour comes as replicas write it, after Postgres last cleaned up.
 */
const fill = async (
  { sql }: StatisticsDatabase,
  store: ReturnType<typeof createStore>,
  interactions: number,
) => {
  await sql`
    CREATE UNLOGGED TABLE asked AS
    SELECT ${now}::timestamptz - interval '1 hour' - random() * make_interval(days => ${historyDays}) AS at,
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
          ('search_method', 'hybrid', 1), ('role', 'student', 1), ('campus', campus, 1),
          ('search_count', 'hybrid', 1), ('search_us', 'hybrid', 20000), ('last_seen', '', 1)) AS counted(metric, label, value)
      ) AS counts GROUP BY 2, 3, 4 ORDER BY 3`;
    await sql`
      WITH counted AS (
        SELECT date_trunc(${unit}, at, 'UTC') AS starts_at, bucket::int, count(*) AS answers FROM asked GROUP BY 1, 2
      ), periods AS (
        SELECT starts_at, min(bucket) AS lowest, max(bucket) AS highest FROM counted GROUP BY 1
      )
      INSERT INTO latency_histograms (period_hours, starts_at, first_bucket, counts)
      SELECT ${hours}, starts_at, lowest, array_agg(coalesce(answers, 0) ORDER BY bucket)
      FROM periods CROSS JOIN LATERAL generate_series(lowest, highest) AS bucket LEFT JOIN counted USING (starts_at, bucket)
      GROUP BY starts_at, lowest`;
  }
  await sql`
    INSERT INTO question_askers SELECT DISTINCT md5(question), user_id, (at AT TIME ZONE 'UTC')::date FROM asked`;
  await sql`
    INSERT INTO query_analytics
    SELECT md5(question), (at AT TIME ZONE 'UTC')::date, question, count(*), 900000 * count(*), count(DISTINCT user_id)
    FROM asked GROUP BY question, 2 ORDER BY 2`;
  await sql`DROP TABLE asked`;
  await sql`VACUUM ANALYZE`;
  for (let n = 0; n < interactions / historyDays / 24; n += 1) await store.recordEvents([newEvent(n)]);
};

const newEvent = (n: number) =>
  interaction({
    id: `new-${n}`,
    at: now,
    userId: `user-${n}`,
    question: `Question ${n % 50}?`,
    responseTimeMs: 300 + (n % 1000),
  });

const createStore = ({ postgres }: StatisticsDatabase) =>
  createPostgresStatisticsStore(postgres, {
    retentionDays: historyDays,
    minUsersPerQuestion: 3,
    trackUserSessions: true,
    trackQueryAnalytics: true,
    now: () => now,
  });

const prepare = async (interactions: number) => {
  const database = await startStatisticsDatabase();
  const store = createStore(database);
  const routes = createStatisticsRoutes({
    store,
    prices: new Map(),
    countActiveSessions: async () => 0,
    authorize: [],
  });
  return {
    stop: database.stop,
    fill: () => fill(database, store, interactions),
    /** How long a request took, in ms. */
    async time(path: string): Promise<number> {
      const startedAtMs = performance.now();
      const reply = await routes.request(path);
      await reply.text();
      if (reply.status !== 200) throw new Error(`${path} was answered with ${reply.status}`);
      return performance.now() - startedAtMs;
    },
  };
};

const printRow = (...cells: readonly string[]) => console.log(`| ${cells.join(' | ')} |`);
const inMs = (ms: number) => `${ms.toFixed(1)} ms`;

const [little, much] = [await prepare(sizes[0]), await prepare(sizes[1])];
try {
  await little.fill();
  await much.fill();
  const names = sizes.map((size) => `${size.toLocaleString('en')} interactions, p50 / p95`);
  printRow('endpoint', ...names, 'ratio of p50 / p95');
  printRow(...Array.from({ length: 4 }, () => '---'));
  for (const path of paths) {
    const times = { little: [] as number[], much: [] as number[] };
    for (let call = -warmUpCalls; call < calls; call += 1) {
      const [littleMs, muchMs] = [await little.time(path), await much.time(path)];
      if (call < 0) continue;
      times.little.push(littleMs);
      times.much.push(muchMs);
    }
    const at = (share: number) => [percentile(times.little, share), percentile(times.much, share)] as const;
    const [p50, p95] = [at(0.5), at(0.95)];
    printRow(
      path,
      `${inMs(p50[0])} / ${inMs(p95[0])}`,
      `${inMs(p50[1])} / ${inMs(p95[1])}`,
      `${(p50[1] / p50[0]).toFixed(2)} / ${(p95[1] / p95[0]).toFixed(2)}`,
    );
  }
} finally {
  await little.stop();
  await much.stop();
}
