import { readdirSync } from 'node:fs';
import type { FaultSystem } from '../faults/fault-system.ts';
import { findImmortalKeys } from '../faults/immortal-keys.ts';

/** What must not grow without end. */
export interface Sample {
  /** Of each replica, after a garbage collection. */
  readonly heapMegabytes: readonly number[];
  readonly residentMegabytes: readonly number[];
  /** Open file handles of each replica. */
  readonly handles: readonly number[];
  readonly redisMegabytes: number;
  /** Sessions, claims, replies; caches fill for a day. */
  readonly keys: number;
  readonly keysWithoutExpiry: number;
  /** Statistics events on their way to Postgres. */
  readonly backlog: number;
  readonly postgresConnections: number;
  /** A replica that began anew would hide what grew before. */
  readonly pids: readonly (number | undefined)[];
}

const megabytes = (bytes: number) => Math.round((bytes / 1024 / 1024) * 100) / 100;

export async function takeSample(system: FaultSystem): Promise<Sample> {
  const { inspectRedis, inspectPostgres } = system;
  const replicas = system.replicas();
  const memories = await Promise.all(replicas.map((replica) => system.agentOf(replica).memory()));
  const [connections] = await inspectPostgres<{ count: number }[]>`
    SELECT count(*)::int FROM pg_stat_activity WHERE application_name LIKE 'replica-%'`;
  const memoryInfo = await inspectRedis.info('memory');
  return {
    heapMegabytes: memories.map(({ heapUsed }) => megabytes(heapUsed)),
    residentMegabytes: memories.map(({ rss }) => megabytes(rss)),
    handles: replicas.map((replica) => countHandles(replica.pid())),
    redisMegabytes: megabytes(Number(/used_memory:(\d+)/.exec(memoryInfo)?.[1])),
    keys: await countKeys(system),
    keysWithoutExpiry: (await findImmortalKeys(system)).length,
    backlog: await inspectRedis.xlen('statistics:events'),
    postgresConnections: connections?.count ?? 0,
    pids: replicas.map((replica) => replica.pid()),
  };
}

async function countKeys({ inspectRedis }: FaultSystem): Promise<number> {
  let count = 0;
  for await (const batch of inspectRedis.scanStream({ count: 1000 })) {
    count += (batch as string[]).filter((key) => !/^(embedding|answer):/.test(key)).length;
  }
  return count;
}

/** 0 where there is no /proc. */
function countHandles(pid: number | undefined): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}
