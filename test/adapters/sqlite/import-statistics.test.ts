import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import initSqlite, { type Database } from 'sql.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPostgresStatisticsStore } from '../../../src/adapters/postgres/statistics-store.ts';
import { openSqliteFile } from '../../../src/adapters/sqlite/sqlite-file.ts';
import { createAnonymizer } from '../../../src/domain/statistics/anonymizer.ts';
import { importStatistics } from '../../../src/domain/statistics/import/import-statistics.ts';
import { audienceWords, vocabulary } from '../../fixtures/institution.ts';
import { type StatisticsDatabase, startStatisticsDatabase } from '../../fixtures/statistics-database.ts';

let database: StatisticsDatabase;
let folder: string;
const now = new Date('2026-03-01T12:00:00Z');
const anonymizer = createAnonymizer({ enabled: true, salt: 'salt-of-the-service' });

beforeAll(async () => {
  [database, folder] = await Promise.all([startStatisticsDatabase(), mkdtemp(join(tmpdir(), 'import-'))]);
});
afterAll(async () => {
  await database.stop();
  await rm(folder, { recursive: true });
});
beforeEach(() => database.clear());

const createStore = () =>
  createPostgresStatisticsStore(database.postgres, {
    retentionDays: 90,
    minUsersPerQuestion: 1,
    trackUserSessions: true,
    trackQueryAnalytics: true,
    now: () => now,
  });

const createDatabaseFile = async (fill: (sqlite: Database) => void) => {
  const { Database: Sqlite } = await initSqlite();
  const sqlite = new Sqlite();
  fill(sqlite);
  const path = join(folder, `${Math.random()}.db`);
  await writeFile(path, sqlite.export());
  sqlite.close();
  return path;
};

const runImport = async (path: string) => {
  const source = await openSqliteFile(path);
  const progress: [number, number][] = [];
  const report = await importStatistics({
    source,
    store: createStore(),
    anonymizer,
    audienceWords,
    detectLanguage: vocabulary.detectLanguage,
    onProgress: (done, total) => progress.push([done, total]),
  });
  source.close();
  return { report, progress };
};

const fillAll = (sqlite: Database) => {
  sqlite.run(`
    CREATE TABLE chat_interactions (id INTEGER PRIMARY KEY, timestamp TEXT, user_id TEXT, session_id TEXT, query TEXT,
      response TEXT, search_method TEXT, search_results_count INTEGER, response_time REAL, user_role TEXT,
      user_campus TEXT, query_length INTEGER, response_length INTEGER);
    CREATE TABLE search_performance (id INTEGER PRIMARY KEY, timestamp TEXT, search_method TEXT, search_time REAL,
      results_count INTEGER, avg_similarity REAL);
    CREATE TABLE user_sessions (session_id TEXT, user_id TEXT, start_time TEXT, end_time TEXT, user_role TEXT);
    CREATE TABLE query_analytics (query TEXT, count INTEGER, avg_response_time REAL, last_asked TEXT);
    INSERT INTO user_sessions VALUES ('s1', 'anna', '2026-02-27 23:00:00', '2026-02-28 00:30:00', 'Student');
    INSERT INTO search_performance VALUES (1, '2026-02-28T10:00:00', 'semantic', 0.05, 4, 0.6);
    INSERT INTO query_analytics VALUES ('Where is the Mensa?', 5, 1.5, '2026-02-28 00:00:00'),
      ('Only counted', 2, 0.5, '2026-02-28');`);
  const statement = sqlite.prepare('INSERT INTO chat_interactions VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)');
  for (let n = 0; n < 1200; n += 1) {
    const at = new Date(Date.UTC(2026, 1, 27, 23, 50) + n * 1000)
      .toISOString()
      .replace('T', ' ')
      .slice(0, 23);
    const question = n < 3 ? 'Where is the Mensa?' : `My number is 0371234${n % 10}, mail me at x${n}@tum.de`;
    statement.run([
      n,
      at,
      `user-${n % 9}`,
      's1',
      question,
      'It is there.',
      'hybrid',
      3,
      1.5,
      'Students',
      'garching',
      9,
      9,
    ]);
  }
  statement.free();
};

describe('the import of statistics', () => {
  it('takes every row over once, across midnight, without identities', async () => {
    const path = await createDatabaseFile(fillAll);
    const { report, progress } = await runImport(path);
    expect(report.rows).toEqual({
      chat_interactions: 1200,
      search_performance: 1,
      user_sessions: 1,
      query_analytics: 2,
    });
    expect(report.skipped).toBe(0);
    expect(progress.at(-1)).toEqual([1204, 1204]);
    expect(progress.length).toBeGreaterThan(2);

    const usage = await createStore().getUsage(30);
    expect(usage).toMatchObject({
      totalInteractions: 1200,
      uniqueUsers: 9,
      averageResponseTimeMs: 1500,
      userRoles: { student: 1200 },
      campuses: { Garching: 1200 },
    });
    expect((await createStore().getPerformance(30)).searches).toMatchObject([
      { method: 'semantic', total: 1 },
    ]);
    const rows = await database.sql`SELECT * FROM chat_interactions`;
    expect(JSON.stringify(rows)).not.toMatch(/user-\d|@tum|0371234/);
    const days =
      await database.sql`SELECT (at AT TIME ZONE 'UTC')::date::text AS day, count(*)::int FROM chat_interactions GROUP BY 1 ORDER BY 1`;
    expect(days).toMatchObject([
      { day: '2026-02-27', count: 600 },
      { day: '2026-02-28', count: 600 },
    ]);
    const [session] = await database.sql`SELECT count(*)::int AS count FROM user_sessions`;
    expect(session?.count).toBeGreaterThan(0);
    const counted = await database.sql`
      SELECT question, sum(count)::int AS count FROM query_analytics
      WHERE question IN ('where is the mensa', 'only counted') GROUP BY 1 ORDER BY 1`;
    expect(counted).toMatchObject([
      { question: 'only counted', count: 2 },
      { question: 'where is the mensa', count: 8 },
    ]);
  });

  it('adds nothing the second time', async () => {
    const path = await createDatabaseFile(fillAll);
    await runImport(path);
    const before = await createStore().getUsage(30);
    expect((await runImport(path)).report.added).toBe(0);
    expect(await createStore().getUsage(30)).toEqual(before);
  });

  it('bears missing tables and columns, and says what it could not understand', async () => {
    const path = await createDatabaseFile((sqlite) =>
      sqlite.run(`CREATE TABLE chat_interactions (timestamp, query);
        INSERT INTO chat_interactions VALUES (1772323200, 'Seconds'), ('2026-02-28T00:00:00.123456+01:00', 'Zone'),
          ('yesterday', 'No time'), (NULL, 'None'), ('2026-02-28', 'Day')`),
    );
    const { report } = await runImport(path);
    expect(report).toMatchObject({ added: 3, skipped: 2 });
    const rows = await database.sql`SELECT at FROM chat_interactions ORDER BY at`;
    expect(rows.map(({ at }) => at.toISOString())).toEqual([
      '2026-02-27T23:00:00.123Z',
      '2026-02-28T00:00:00.000Z',
      '2026-03-01T00:00:00.000Z',
    ]);
  });

  it('refuses what is not a database', async () => {
    const path = join(folder, 'text.db');
    await writeFile(path, 'This is not a database, but it is long enough to look at.'.repeat(20));
    await expect(openSqliteFile(path)).rejects.toThrow(/not a database/);
  });
});
