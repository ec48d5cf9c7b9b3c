import postgres, { type Sql } from 'postgres';
import type { Fault } from '../fault.ts';
import type { FaultSystem } from '../fault-system.ts';
import { judgingMemory } from './judging-memory.ts';
import { createOutages } from './outages.ts';

/** Chats never wait for Postgres. */
const unnoticed = { wholeShare: 1, addedP99Ms: 500 };

/** What waits for Postgres meanwhile must not fill the replicas. */
const lastingOutages = ['postgres-stopped', 'postgres-frozen'];

export const postgresFaults: readonly Fault[] = [
  ...createOutages('postgres', unnoticed, ['flapping', 'cut']).map((fault) =>
    lastingOutages.includes(fault.name) ? judgingMemory({ ...fault, lastsMs: 60_000 }) : fault,
  ),
  {
    name: 'postgres-full',
    title: 'Postgres out of connections',
    goal: { ...unnoticed, leastStateLines: 1 },
    lastsMs: 20_000,
    isTest: true,
    async run({ system, hold }) {
      const hoarded = await hoardConnections(system);
      await hold();
      await Promise.all(hoarded.map((sql) => sql.end({ timeout: 1 })));
      return { note: `${hoarded.length} connections hoarded` };
    },
  },
];

/** Takes every connection there is, and those of the replicas as they fall free. */
async function hoardConnections({ postgres: { url }, inspectPostgres }: FaultSystem): Promise<Sql[]> {
  const hoarded: Sql[] = [];
  const hoardOne = async () => {
    const sql = postgres(url, { max: 1, onnotice: () => {}, max_lifetime: null });
    try {
      await sql`SELECT 1`;
      hoarded.push(sql);
      return true;
    } catch {
      await sql.end({ timeout: 0 });
      return false;
    }
  };
  for (let round = 0; round < 3; round++) {
    while (await hoardOne());
    await inspectPostgres`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'replica-%'`;
  }
  while (await hoardOne());
  return hoarded;
}
