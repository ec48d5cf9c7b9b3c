import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPostgresStatisticsStore } from '../../../src/adapters/postgres/statistics-store.ts';
import { bucketOf } from '../../../src/domain/statistics/latency-histogram.ts';
import type { StatisticsEvent } from '../../../src/domain/statistics/statistics-event.ts';
import { UnstorableEventsError } from '../../../src/domain/statistics/statistics-store.ts';
import { type StatisticsDatabase, startStatisticsDatabase } from '../../fixtures/statistics-database.ts';
import { interaction, rating, search, sessionChange } from '../../fixtures/statistics-events.ts';

let database: StatisticsDatabase;
let now: Date;

const createStore = (changes: Partial<Parameters<typeof createPostgresStatisticsStore>[1]> = {}) =>
  createPostgresStatisticsStore(database.postgres, {
    retentionDays: 90,
    minUsersPerQuestion: 1,
    trackUserSessions: true,
    trackQueryAnalytics: true,
    now: () => now,
    ...changes,
  });

beforeAll(async () => {
  database = await startStatisticsDatabase();
});
afterAll(() => database.stop());
beforeEach(async () => {
  now = new Date('2026-03-01T12:30:00Z');
  await database.clear();
});

const many = (count: number, change: (n: number) => Parameters<typeof interaction>[0]) =>
  Array.from({ length: count }, (_, n) => interaction({ id: `r${n}`, ...change(n) }));

describe('recording', () => {
  it('writes each event once, however often it comes and whoever writes it', async () => {
    const store = createStore();
    const events: StatisticsEvent[] = [
      ...many(50, () => ({})),
      search(),
      rating(),
      sessionChange(),
      sessionChange({
        id: 'session-1:ended',
        change: 'ended',
        at: new Date('2026-03-01T12:10:00Z'),
        turnCount: 50,
      }),
    ];
    const counts = await Promise.all(Array.from({ length: 4 }, () => createStore().recordEvents(events)));
    expect(counts.sort()).toEqual([0, 0, 0, 52]);
    expect(await store.recordEvents([...events, ...events])).toBe(0);
    const report = await store.getUsage(1);
    expect(report).toMatchObject({
      totalInteractions: 50,
      uniqueUsers: 1,
      averageResponseTimeMs: 1200,
      searchMethods: { hybrid: 50 },
      userRoles: { student: 50 },
      campuses: { Garching: 50 },
      topQuestions: [{ question: 'when does the library open', count: 50 }],
      feedback: { up: 1, down: 0 },
    });
    const [session] = await database.sql`SELECT * FROM user_sessions`;
    expect(session).toMatchObject({ interaction_count: 50, turn_count: 50 });
    expect(session?.ended_at).toEqual(new Date('2026-03-01T12:10:00Z'));
  });

  describe('counts a question that failed and was answered at the second try as answered, once', () => {
    const failed = interaction({
      ...{ errorCode: 'SERVICE_UNAVAILABLE', response: '', role: undefined, confidence: 'none' },
      ...{ resultsCount: 0, topSimilarity: 0, searchTimeMs: 0, responseTimeMs: 9000 },
    });
    const answered = interaction();
    const orders: [string, StatisticsEvent[][]][] = [
      ['failure first', [[failed], [answered]]],
      ['answer first', [[answered], [failed]]],
      ['together', [[failed, answered]]],
      ['together, the other way round', [[answered, failed]]],
      ['again and again', [[failed], [failed, answered], [answered], [failed], [answered, failed]]],
    ];

    const readAll = async () => {
      const { sql } = database;
      return {
        usage: await createStore().getUsage(1),
        performance: await createStore().getPerformance(1),
        rows: await sql`SELECT * FROM chat_interactions`,
        searches: await sql`SELECT * FROM search_performance`,
        sessions: await sql`SELECT * FROM user_sessions`,
        questions: await sql`SELECT * FROM query_analytics`,
        rollups: await sql`
          SELECT * FROM statistics_rollups WHERE value <> 0 ORDER BY period_hours, metric, label`,
        latencies: await sql`SELECT * FROM latency_histograms ORDER BY period_hours`,
      };
    };

    it.each(orders)('%s', async (_, batches) => {
      await createStore().recordEvents([answered]);
      const expected = await readAll();
      await database.clear();
      for (const batch of batches) await createStore().recordEvents(batch);
      expect(await readAll()).toEqual(expected);
    });
  });

  it('has roll-ups that equal a direct count, across the ends of days, months and years', async () => {
    const store = createStore();
    const instants = ['2025-12-31T23:59:59.999Z', '2026-01-01T00:00:00.000Z', '2026-02-28T23:59:59.999Z'];
    const events = many(300, (n) => ({
      at: n < 3 ? new Date(instants[n] ?? 0) : new Date(now.getTime() - n * 17 * 60_000),
      userId: `user-${n % 37}`,
      confidence: n % 7 === 0 ? 'none' : 'high',
      errorCode: n % 11 === 0 ? 'INTERNAL_ERROR' : undefined,
      cached: n % 5 === 0,
      responseTimeMs: n * 10,
    }));
    for (let start = 0; start < events.length; start += 70) {
      await store.recordEvents(events.slice(start, start + 70));
    }
    for (const days of [1, 2, 3, 30, 365]) {
      const [direct] = await database.sql`
        SELECT count(*)::int AS total, count(DISTINCT user_id)::int AS users,
          count(*) FILTER (WHERE confidence = 'none' AND error_code IS NULL)::int AS unanswered,
          avg(response_time_ms) FILTER (WHERE error_code IS NULL) AS average,
          percentile_disc(0.95) WITHIN GROUP (ORDER BY response_time_ms) FILTER (WHERE error_code IS NULL) AS p95
        FROM chat_interactions
        WHERE at >= date_trunc('hour', ${now}::timestamptz - make_interval(days => ${days}), 'UTC')`;
      const report = await store.getUsage(days);
      expect(report.totalInteractions).toBe(direct?.total);
      expect(report.uniqueUsers).toBe(direct?.users);
      expect(report.unanswered).toBe(direct?.unanswered);
      expect(report.averageResponseTimeMs).toBeCloseTo(direct?.average, 6);
      const { percentiles } = await store.getPerformance(days);
      expect(Math.abs(percentiles.p95Ms / direct?.p95 - 1)).toBeLessThan(0.02);
    }
    expect((await store.getUsage(365)).totalInteractions).toBe(300);
  });

  it('tells how fast answers and searches were', async () => {
    const store = createStore();
    await store.recordEvents([
      ...many(100, (n) => ({ responseTimeMs: (n + 1) * 100, cached: n < 25, searchTimeMs: n < 25 ? 0 : 20 })),
      ...many(25, (n) => ({ id: `e${n}`, errorCode: 'INTERNAL_ERROR', searchTimeMs: 0 })),
      search({ searchMethod: 'semantic', searchTimeMs: 10, resultsCount: 4, topSimilarity: 0.25 }),
    ]);
    const report = await store.getPerformance(7);
    expect(report.errorRate).toBe(0.2);
    expect(report.cacheRate).toBe(0.25);
    expect(report.searches).toEqual([
      { method: 'hybrid', averageTimeMs: 20, averageResults: 3, averageSimilarity: 0.8, total: 75 },
      { method: 'semantic', averageTimeMs: 10, averageResults: 4, averageSimilarity: 0.25, total: 1 },
    ]);
    expect(Math.abs(report.percentiles.p50Ms / 5000 - 1)).toBeLessThan(0.02);
    expect(Math.abs(report.percentiles.p99Ms / 9900 - 1)).toBeLessThan(0.02);
  });

  it('counts answers from before there were histograms among the percentiles', async () => {
    const store = createStore();
    await store.recordEvents(many(60, () => ({ responseTimeMs: 5000 })));
    await database.sql`
      INSERT INTO statistics_rollups (period_hours, metric, starts_at, label, value)
      VALUES (24, 'latency', '2026-02-20T00:00:00Z', ${String(bucketOf(9000))}, 40)`;
    const { percentiles } = await store.getPerformance(30);
    expect(Math.abs(percentiles.p50Ms / 5000 - 1)).toBeLessThan(0.02);
    expect(Math.abs(percentiles.p95Ms / 9000 - 1)).toBeLessThan(0.02);
  });

  it('counts the newest rating of a user', async () => {
    const store = createStore();
    await store.recordEvents([rating({ rating: 'up' })]);
    await store.recordEvents([
      rating({ rating: 'down', at: new Date('2026-03-01T12:20:00Z') }),
      rating({ rating: 'up', at: new Date('2026-03-01T12:10:00Z') }),
      rating({ rating: 'up', userId: 'user-2' }),
    ]);
    await store.recordEvents([rating({ rating: 'up' })]);
    expect((await store.getUsage(1)).feedback).toEqual({ up: 1, down: 1 });
  });

  it('says that events can never be stored, and stores none of them', async () => {
    const store = createStore();
    const events = [interaction(), interaction({ id: 'bad', question: 'nul \0 byte' })];
    await expect(store.recordEvents(events)).rejects.toBeInstanceOf(UnstorableEventsError);
    expect((await store.getUsage(1)).totalInteractions).toBe(0);
  });

  it('keeps neither sessions nor questions when they are not to be tracked', async () => {
    const store = createStore({ trackUserSessions: false, trackQueryAnalytics: false });
    await store.recordEvents([interaction(), sessionChange()]);
    expect(await database.sql`SELECT 1 FROM user_sessions`).toHaveLength(0);
    expect(await database.sql`SELECT 1 FROM query_analytics`).toHaveLength(0);
    expect((await store.getUsage(1)).topQuestions).toEqual([]);
  });

  it('lists a question once enough different users asked it', async () => {
    const store = createStore({ minUsersPerQuestion: 3 });
    const ask = (id: string, userId: string, question: string) => interaction({ id, userId, question });
    await store.recordEvents([
      ask('1', 'a', 'Wo ist die Mensa?'),
      ask('2', 'b', ' wo ist die  MENSA'),
      ask('3', 'b', 'Wo ist die Mensa?'),
      ask('4', 'a', 'My secret?'),
      ask('5', 'a', 'My secret?'),
    ]);
    expect((await store.getUsage(1)).topQuestions).toEqual([]);
    const nextDay = new Date('2026-03-02T01:00:00Z');
    now = nextDay;
    await store.recordEvents([
      interaction({ id: '6', userId: 'c', question: 'Wo ist die Mensa', at: nextDay }),
    ]);
    expect((await store.getUsage(2)).topQuestions).toEqual([{ question: 'wo ist die mensa', count: 4 }]);
  });

  it('counts no person as many users, whatever names they give from one address, and on however many days', async () => {
    const store = createStore({ minUsersPerQuestion: 3 });
    const ask = (id: string, addressHash: string | undefined, daysAgo = 0) =>
      interaction({
        id,
        userId: `name-${id}`,
        addressHash,
        question: 'Look at this sentence',
        at: new Date(now.getTime() - daysAgo * 86_400_000),
      });
    await store.recordEvents([0, 1, 2].flatMap((day) => many(5, (n) => ask(`${day}-${n}`, 'here', day))));
    expect((await store.getUsage(30)).topQuestions).toEqual([]);
    await store.recordEvents([ask('other', 'there')]);
    expect((await store.getUsage(30)).topQuestions).toEqual([]);
    // As events of replicas that do not know of addresses are.
    await store.recordEvents([ask('older', undefined)]);
    expect((await store.getUsage(30)).topQuestions).toEqual([
      { question: 'look at this sentence', count: 17 },
    ]);
  });

  it('lists a question that enough users asked, whatever one user asked more often on more days', async () => {
    const store = createStore({ minUsersPerQuestion: 3 });
    const days = [0, 1, 2].map((daysAgo) => new Date(now.getTime() - daysAgo * 86_400_000));
    const ofOneUser = days.flatMap((at, day) =>
      many(240, (n) => ({ at, id: `${day}-${n}`, userId: 'monitor', question: `Probe ${n % 120}?` })),
    );
    const shared = many(3, (n) => ({
      id: `shared-${n}`,
      userId: `user-${n}`,
      question: 'Where is the gym?',
    }));
    await store.recordEvents(ofOneUser);
    await store.recordEvents(shared);
    expect((await store.getUsage(30)).topQuestions).toEqual([{ question: 'where is the gym', count: 3 }]);
  });
});

describe('retention', () => {
  const day = (n: number) => new Date(Date.UTC(2026, 2, 1 - n, 12));

  it('drops the days beyond it, while counts of nobody stay', async () => {
    const store = createStore({ retentionDays: 10 });
    await store.recordEvents(
      [0, 9, 10, 11, 40].map((n) =>
        interaction({ id: `r${n}`, at: day(n), userId: `u${n}`, sessionHash: `s${n}` }),
      ),
    );
    expect((await store.applyRetention())?.droppedDays).toEqual(['2026-01-20', '2026-02-18']);
    const rows = await database.sql`SELECT id FROM chat_interactions ORDER BY at`;
    expect(rows.map(({ id }) => id)).toEqual(['r10', 'r9', 'r0']);
    for (const table of ['user_sessions', 'query_analytics', 'question_askers', 'user_activity']) {
      expect(await database.sql`SELECT 1 FROM ${database.sql(table)}`).toHaveLength(3);
    }
    const report = await store.getUsage(365);
    expect(report).toMatchObject({ totalInteractions: 5, uniqueUsers: 3 });
    expect((await store.applyRetention())?.droppedDays).toEqual([]);
  });

  it('deletes roll-ups after 400 days', async () => {
    const store = createStore();
    await store.recordEvents([interaction({ at: day(401) }), interaction({ at: day(399) })]);
    await store.applyRetention();
    const [row] = await database.sql`
      SELECT sum(value)::int AS total FROM statistics_rollups WHERE metric = 'interactions' AND period_hours = 1`;
    expect(row?.total).toBe(1);
    expect(await database.sql`SELECT 1 FROM latency_histograms WHERE period_hours = 1`).toHaveLength(1);
  });

  it('runs beside draining replicas on three others without an error or a double row', async () => {
    const stores = Array.from({ length: 3 }, () => createStore({ retentionDays: 5 }));
    const events = many(600, (n) => ({ at: day(n % 8), userId: `u${n % 50}`, sessionHash: `s${n % 60}` }));
    const batches = Array.from({ length: 12 }, (_, n) => events.slice(n * 50, n * 50 + 50));
    const draining = stores.slice(0, 2).flatMap((store) => batches.map((batch) => store.recordEvents(batch)));
    const dropping = stores.flatMap((store) => [store.applyRetention(), store.applyRetention()]);
    await Promise.all([...draining, ...dropping]);
    await Promise.all(stores.map((store) => store.applyRetention()));
    const [direct] = await database.sql`
      SELECT count(*)::int AS total, count(DISTINCT id)::int AS different FROM chat_interactions`;
    expect(direct).toEqual({ total: 450, different: 450 });
  });
});

describe("a user's data", () => {
  it('is exported whole and erased without a trace, while the counts of others stay', async () => {
    const store = createStore({ minUsersPerQuestion: 1 });
    await store.recordEvents([
      interaction({ id: 'a', userId: 'me', sessionHash: 's-me', question: 'Only I ask this' }),
      interaction({ id: 'b', userId: 'me', sessionHash: 's-me', question: 'We all ask this' }),
      interaction({ id: 'c', userId: 'you', sessionHash: 's-you', question: 'We all ask this' }),
      rating({ id: 'a', userId: 'me', comment: 'mine' }),
    ]);
    const exported = await store.exportUser('me');
    expect(exported.chat_interactions).toHaveLength(2);
    expect(exported.user_sessions).toHaveLength(1);
    expect(exported.feedback).toMatchObject([{ comment: 'mine' }]);
    expect(exported.query_analytics).toHaveLength(2);

    expect((await store.erase({ userId: 'me' })).rows).toBeGreaterThan(0);
    for (const rows of Object.values(await store.exportUser('me'))) expect(rows).toEqual([]);
    const report = await store.getUsage(1);
    expect(report.uniqueUsers).toBe(1);
    expect(report.topQuestions.map(({ question }) => question)).toEqual(['we all ask this']);
    expect(await database.sql`SELECT id FROM search_performance`).toHaveLength(1);
    const dump = await database.sql`
      SELECT string_agg(row::text, '') AS text FROM (
        SELECT to_jsonb(c) FROM chat_interactions c UNION ALL SELECT to_jsonb(s) FROM user_sessions s
        UNION ALL SELECT to_jsonb(q) FROM query_analytics q UNION ALL SELECT to_jsonb(a) FROM question_askers a
        UNION ALL SELECT to_jsonb(u) FROM user_activity u UNION ALL SELECT to_jsonb(f) FROM feedback f) AS row`;
    expect(dump[0]?.text).not.toMatch(/"me"|s-me|only i ask/i);
  });

  it('of one session is erased from those who share a name, and found nowhere afterwards', async () => {
    const store = createStore({ minUsersPerQuestion: 1 });
    const mine = { userId: 'nobody', sessionHash: 's-mine' };
    const theirs = { userId: 'nobody', sessionHash: 's-theirs' };
    const events = [
      interaction({ id: 'a', ...mine, question: 'Only I ask this' }),
      interaction({ id: 'b', ...mine, question: 'We all ask this' }),
      interaction({ id: 'c', ...theirs, question: 'We all ask this' }),
      rating({ id: 'a', userId: 'nobody', comment: 'mine' }),
      rating({ id: 'c', userId: 'nobody', comment: 'theirs' }),
    ];
    await store.recordEvents(events);
    expect((await store.search(mine)).found).toEqual([
      { place: 'postgres chat_interactions', records: 2 },
      { place: 'postgres user_sessions', records: 1 },
    ]);
    const erased = await store.erase(mine);
    expect([...erased.requestIds].sort()).toEqual(['a', 'b']);
    expect((await store.search(mine)).found).toEqual([]);
    const left = await store.exportUser('nobody');
    expect(left.chat_interactions).toMatchObject([{ id: 'c' }]);
    expect(left.feedback).toMatchObject([{ comment: 'theirs' }]);
    expect(left.query_analytics).toMatchObject([{ question: 'we all ask this' }]);
    const [counted] = await database.sql`SELECT count FROM query_analytics`;
    expect(counted).toEqual({ count: 1 });

    await store.recordEvents(events.slice(0, 2));
    expect((await store.search(mine)).found).toEqual([]);
  });

  it('does not come back with events that were still on the way', async () => {
    const store = createStore();
    await store.erase({ userId: 'user-1' });
    await store.recordEvents([interaction(), rating(), sessionChange()]);
    expect((await store.getUsage(1)).totalInteractions).toBe(0);
    const later = new Date(now.getTime() + 1000);
    await store.recordEvents([interaction({ id: 'new', at: later })]);
    expect((await store.getUsage(1)).totalInteractions).toBe(1);
  });
});

describe('an import', () => {
  it('adds nothing the second time, not even after the retention dropped its rows', async () => {
    const store = createStore({ retentionDays: 10 });
    const batch = {
      events: [
        interaction({ id: 'import-1', at: new Date('2024-06-01T10:00:00Z') }),
        search({ id: 'import-2' }),
      ],
      questions: [{ id: 'import-3', day: now, question: 'old question', count: 7, averageTimeMs: 900 }],
    };
    expect(await store.importBatch(batch)).toBe(3);
    expect(await store.importBatch(batch)).toBe(0);
    await store.applyRetention();
    expect(await store.importBatch(batch)).toBe(0);
    const [row] =
      await database.sql`SELECT count, total_time_us FROM query_analytics WHERE question = 'old question'`;
    expect(row).toMatchObject({ count: 7, total_time_us: '6300000' });
  });
});
