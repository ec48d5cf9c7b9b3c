import { sql as query } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import type { Postgres } from './client.ts';

/** Any number that no other part of the service locks. */
const migrationLockKey = 7_203_001;

export interface MigrationOptions {
  /** Folder that drizzle-kit generated. */
  migrationsFolder: string;
  /** How long to wait for another migration, or for a table that is in use. Default one minute. */
  lockTimeoutMs?: number | undefined;
}

export interface MigrationReport {
  applied: number;
  total: number;
}

/**
 * Brings the schema up to date. Safe to run from several processes at once: one works, the others wait and then
 * find nothing to do.
 * @throws DependencyError `postgres` when the server is out, or a lock cannot be had within `lockTimeoutMs`.
 */
export function applyMigrations(
  postgres: Postgres,
  { migrationsFolder, lockTimeoutMs = 60_000 }: MigrationOptions,
): Promise<MigrationReport> {
  return postgres.withSession(async (session) => {
    await session`select set_config('lock_timeout', ${`${lockTimeoutMs}ms`}, false)`;
    await session`select pg_advisory_lock(${migrationLockKey})`;
    const database = drizzle(session);
    const countApplied = async () => {
      const [table] = await database.execute(
        query`select to_regclass('drizzle.__drizzle_migrations') as name`,
      );
      if (!table?.name) return 0;
      const [row] = await database.execute(
        query`select count(*)::int as count from drizzle.__drizzle_migrations`,
      );
      return Number(row?.count);
    };
    const before = await countApplied();
    await migrate(database, { migrationsFolder });
    const total = await countApplied();
    return { applied: total - before, total };
  });
}
