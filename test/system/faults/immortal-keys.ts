import type { FaultSystem } from './fault-system.ts';

/** What waits for somebody, however long: events for Postgres, and which version is live. */
const knownKeys = ['statistics:events', 'knowledge:active'];

/** Keys in Redis that would stay for ever. */
export async function findImmortalKeys({ inspectRedis }: FaultSystem): Promise<string[]> {
  const immortal: string[] = [];
  for await (const batch of inspectRedis.scanStream({ count: 1000 })) {
    const keys = (batch as string[]).filter((key) => !knownKeys.includes(key));
    const expiries = await Promise.all(keys.map((key) => inspectRedis.ttl(key)));
    immortal.push(...keys.filter((_, index) => expiries[index] === -1));
  }
  return immortal;
}
