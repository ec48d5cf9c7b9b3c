import { lt, sql } from 'drizzle-orm';
import type { AuditStore } from '../../domain/access/admin-action.ts';
import type { Postgres } from './client.ts';
import { adminActions } from './schema/access.ts';

/** Bounded in time; throws DependencyError `postgres` when the server is out. */
export function createPostgresAuditStore(postgres: Pick<Postgres, 'run'>): AuditStore {
  return {
    async record(actions) {
      // The same action twice in one statement is an error in SQL.
      for (const action of actions) {
        await postgres.run((database) =>
          database
            .insert(adminActions)
            .values(action)
            .onConflictDoUpdate({
              target: adminActions.id,
              set: {
                target: sql`coalesce(${adminActions.target}, excluded.target)`,
                status: sql`coalesce(${adminActions.status}, excluded.status)`,
              },
            }),
        );
      }
    },
    async deleteBefore(instant) {
      const deleted = await postgres.run((database) =>
        database.delete(adminActions).where(lt(adminActions.at, instant)).returning({ id: adminActions.id }),
      );
      return deleted.length;
    },
  };
}
