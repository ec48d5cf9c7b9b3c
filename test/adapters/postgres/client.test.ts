import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createPostgres, type Postgres } from '../../../src/adapters/postgres/client.ts';
import { findConnectionShortage } from '../../../src/adapters/postgres/connection-budget.ts';
import { applyMigrations } from '../../../src/adapters/postgres/migrate.ts';
import { runTransaction } from '../../../src/adapters/postgres/run-transaction.ts';
import { startPostgres, type TestServer } from '../../fixtures/start-servers.ts';
import { startTcpProxy, type TcpProxy } from '../../system/faults/tcp-proxy.ts';

const migrationsFolder = 'infra/postgres/migrations';
const timeoutMs = 300;
let server: TestServer;
const opened: Postgres[] = [];

function open(url = server.url, poolSize = 2) {
  const postgres = createPostgres({ url, poolSize, timeoutMs });
  opened.push(postgres);
  return postgres;
}

beforeAll(async () => {
  server = await startPostgres();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((postgres) => postgres.close()));
});
afterAll(() => server.remove());

describe('a transaction whose connection is lost', () => {
  const cuts = {
    'while a query runs': async (proxy: TcpProxy) => proxy.setReachable(false),
    'in the middle of a reply': async (proxy: TcpProxy) => proxy.cutEveryReply(1),
  };

  it.each(Object.entries(cuts))('fails %s, and the next one succeeds', async (_, cut) => {
    const { port } = new URL(server.url);
    const proxy = await startTcpProxy(Number(port));
    const postgres = open(server.url.replace(port, String(proxy.port)));
    const query = (work: () => Promise<void>) =>
      postgres.run((database) =>
        runTransaction(database, async (transaction) => {
          await transaction.execute(sql`select 1`);
          await Promise.all([transaction.execute(sql`select pg_sleep(0.05)`), work()]);
        }),
      );
    for (let round = 0; round < 5; round++) {
      await expect(query(() => cut(proxy))).rejects.toMatchObject({ dependency: 'postgres' });
      await proxy.setReachable(true);
      proxy.cutEveryReply(0);
      await expect
        .poll(
          () =>
            query(async () => {}).then(
              () => true,
              () => false,
            ),
          { timeout: 5000 },
        )
        .toBe(true);
    }
    await proxy.close();
  });
});

describe('connection budget', () => {
  it('tells what replicas need beyond what the server allows, and nothing while it is enough', async () => {
    expect(await findConnectionShortage(open(), { replicas: 3, poolSize: 4 })).toBeUndefined();
    const shortage = await findConnectionShortage(open(), { replicas: 30, poolSize: 4 });
    expect(shortage).toEqual({ needed: 125, allowed: 100 });
  });
});

describe('migrations', () => {
  it('run three at once on an empty database, five times: every one succeeds, each applied once', async () => {
    for (let round = 0; round < 5; round++) {
      const admin = open();
      await admin.withSession((session) => session.unsafe(`create database round_${round}`));
      const url = new URL(server.url);
      url.pathname = `/round_${round}`;
      const reports = await Promise.all(
        [1, 2, 3].map(() => applyMigrations(open(url.href), { migrationsFolder })),
      );
      const [{ total } = { total: 0 }] = reports;
      expect(total).toBeGreaterThan(0);
      expect(reports.map(({ applied }) => applied).sort((a, b) => a - b)).toEqual([0, 0, total]);
    }
  });

  it('give up in time when another one holds the lock and hangs', async () => {
    const holder = open();
    await holder.withSession(async (session) => {
      await session`select pg_advisory_lock(7203001)`;
      await expect(applyMigrations(open(), { migrationsFolder, lockTimeoutMs: 200 })).rejects.toMatchObject({
        dependency: 'postgres',
        reason: 'timeout',
      });
    });
  });
});

describe('the Postgres client', () => {
  it('bounds every query', async () => {
    const startedAtMs = performance.now();
    await expect(open().run((database) => database.execute(sql`select pg_sleep(20)`))).rejects.toMatchObject({
      dependency: 'postgres',
      reason: 'timeout',
    });
    expect(performance.now() - startedAtMs).toBeLessThan(timeoutMs + 200);
  });

  it('passes on what is no outage', async () => {
    const work = open().run((database) => database.execute(sql`select 1 from no_such_table`));
    await expect(work).rejects.not.toHaveProperty('dependency');
  });

  it('does not let work pile up behind a busy pool', async () => {
    const postgres = open(server.url, 1);
    const queries = Array.from({ length: 100 }, () =>
      postgres.run((database) => database.execute(sql`select pg_sleep(0.05)`)).catch((error) => error),
    );
    const refused = (await Promise.all(queries)).filter((result) => /Too much work/.test(String(result)));
    expect(refused.length).toBeGreaterThanOrEqual(60);
  });

  it('with a frozen server fails within its limit, then at once, and comes back by itself', async () => {
    const postgres = open();
    const query = () => postgres.run((database) => database.execute(sql`select 1 as one`));
    await query();
    server.pause();
    try {
      for (let i = 0; i < 3; i++) await expect(query()).rejects.toMatchObject({ reason: 'timeout' });
      const startedAtMs = performance.now();
      await expect(query()).rejects.toMatchObject({ reason: 'unavailable' });
      expect(performance.now() - startedAtMs).toBeLessThan(50);
    } finally {
      server.resume();
    }
    await expect.poll(() => query().catch(() => []), { timeout: 10_000 }).toHaveLength(1);
  });

  it('says unavailable when nothing listens, rejected when the password is wrong', async () => {
    const query = (postgres: Postgres) => postgres.run((database) => database.execute(sql`select 1`));
    await expect(query(open('postgres://nobody@127.0.0.1:9/none'))).rejects.toMatchObject({
      reason: 'unavailable',
    });
    const url = new URL(server.url);
    url.password = 'wrong';
    await expect(query(open(url.href))).rejects.toMatchObject({ reason: 'rejected', retryable: false });
  });

  it('asks for the password at every new connection', async () => {
    const url = new URL(server.url);
    const { password } = url;
    url.password = '';
    let asked = 0;
    const postgres = createPostgres({
      url: url.href,
      poolSize: 1,
      password: () => {
        asked += 1;
        return password;
      },
    });
    opened.push(postgres);
    await postgres.ping();
    await postgres.withSession((session) => session`select 1`);
    expect(asked).toBe(2);
  });
});
