import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.ts';
import { createOutages } from './outages.ts';

const answersGoOn = { mayLack: ['redis'], addedP99Ms: 500 } as const;
/** Append-only file `everysec`: what was acknowledged in the last second before a crash may be gone. */
const lastSecond = { lostTurns: 60, lostRows: 60 };

export const redisFaults: readonly Fault[] = [
  ...createOutages('redis', answersGoOn, ['frozen']),
  {
    name: 'redis-crashed',
    title: 'Redis killed (SIGKILL) and restarted from its append-only file',
    goal: { ...answersGoOn, ...lastSecond },
    lastsMs: 3000,
    isTest: true,
    async run({ system, hold }) {
      const before = await system.inspectRedis.dbsize();
      await system.redis.kill();
      await hold();
      await system.redis.start();
      const after = await system.inspectRedis.dbsize();
      return {
        note: `${after} of ${before} keys back`,
        problems: after < 0.9 * before ? [`${after} of ${before} keys came back`] : [],
      };
    },
  },
  {
    name: 'redis-emptied',
    title: 'Redis comes back empty',
    // Sessions and what was on the way to Postgres are gone with it; what is asked from then on is kept.
    goal: { ...answersGoOn, lostTurns: Number.POSITIVE_INFINITY, lostRows: 120 },
    lastsMs: 3000,
    async run({ system, hold }) {
      await system.inspectRedis.flushall();
      await system.redis.kill();
      await hold();
      await system.redis.start();
      await sleep(5000);
      return undefined;
    },
  },
];
