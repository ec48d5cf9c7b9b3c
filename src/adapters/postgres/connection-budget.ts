import type { Postgres } from './client.ts';

/** For migrations, a backup and whoever looks at the database. */
const connectionsForOperators = 5;

/**
 * How many connections the replicas may need, when the server does not have as many; undefined while it has enough.
 * @throws DependencyError
 */
export async function findConnectionShortage(
  postgres: Postgres,
  { replicas, poolSize }: { replicas: number; poolSize: number },
): Promise<{ needed: number; allowed: number } | undefined> {
  const [setting] = await postgres.run((database) =>
    database.execute<{ max_connections: string }>('SHOW max_connections'),
  );
  const allowed = Number(setting?.max_connections);
  const needed = replicas * poolSize + connectionsForOperators;
  return needed > allowed ? { needed, allowed } : undefined;
}
