import { sql } from 'drizzle-orm';
import { addDays, isoDay, startOfDay } from '../../../domain/statistics/report-window.ts';
import type { Database } from '../client.ts';

const partitionedTables = ['chat_interactions', 'search_performance'] as const;

const partitionName = (table: string, day: string) => `${table}_${day.replaceAll('-', '')}`;

const dayOf = (partition: string) => {
  const [, year, month, date] = /(\d{4})(\d\d)(\d\d)$/.exec(partition) ?? [];
  return `${year}-${month}-${date}`;
};

/** Makes room for rows of these instants, today's as well as those of years past. Needs the writer's lock. */
export const createPartitions = async (database: Database, instants: readonly Date[]): Promise<void> => {
  const days = [...new Set(instants.map(isoDay))];
  const wanted = partitionedTables.flatMap((table) =>
    days.map((day) => ({ table, day, name: partitionName(table, day) })),
  );
  const existing = new Set(await listPartitions(database));
  for (const { table, day, name } of wanted.filter((partition) => !existing.has(partition.name))) {
    const from = startOfDay(new Date(day)).toISOString();
    const to = addDays(new Date(day), 1).toISOString();
    await database.execute(
      sql`CREATE TABLE ${sql.identifier(name)} PARTITION OF ${sql.identifier(table)}
          FOR VALUES FROM (${sql.raw(`'${from}'`)}) TO (${sql.raw(`'${to}'`)})`,
    );
  }
};

/** Drops the partitions of all days before `cutoff` and returns the days. Needs the writer's lock. */
export const dropPartitionsBefore = async (database: Database, cutoff: Date): Promise<string[]> => {
  const outdated = (await listPartitions(database)).filter((name) => dayOf(name) < isoDay(cutoff));
  for (const name of outdated) await database.execute(sql`DROP TABLE ${sql.identifier(name)}`);
  return [...new Set(outdated.map(dayOf))].sort();
};

const listPartitions = async (database: Database): Promise<string[]> => {
  const rows = await database.execute<{ name: string }>(sql`
    SELECT child.relname AS name
    FROM pg_inherits
    JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent = ANY (ARRAY['chat_interactions', 'search_performance']::regclass[])`);
  return rows.map(({ name }) => name);
};
