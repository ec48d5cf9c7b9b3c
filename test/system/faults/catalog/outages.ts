import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, Goal } from '../fault.ts';
import type { DependencyName } from '../fault-system.ts';

const properNames = { redis: 'Redis', postgres: 'Postgres', chroma: 'Chroma', gemini: 'Gemini' } as const;

const halfPeriodMs = 2000;
const flaps = 5;
/** Of the pieces of replies that pass the proxy, one in so many breaks its connection. */
const repliesPerCut = { redis: 200, postgres: 10, chroma: 10, gemini: 20 } as const;

/** What can happen to any server: the five faults that every dependency goes through. */
export function createOutages(
  name: DependencyName,
  goal: Partial<Goal>,
  tests: readonly string[],
): readonly Fault[] {
  const properName = properNames[name];
  const noticed = { ...goal, leastStateLines: 1 };
  const faults: readonly Fault[] = [
    {
      name: `${name}-stopped`,
      title: `${properName} stopped, connections refused`,
      goal: noticed,
      lastsMs: 30_000,
      async run({ system, hold }) {
        await system.proxies[name].setReachable(false);
        await system.serviceOf(name).stop();
        await hold();
        await system.serviceOf(name).start();
        await system.proxies[name].setReachable(true);
        return undefined;
      },
    },
    {
      name: `${name}-frozen`,
      title: `${properName} frozen (SIGSTOP)`,
      goal: noticed,
      lastsMs: 30_000,
      async run({ system, hold }) {
        system.serviceOf(name).pause();
        await hold();
        system.serviceOf(name).resume();
        return undefined;
      },
    },
    {
      name: `${name}-slow`,
      title: `${properName} slow, 1 s per reply`,
      goal,
      lastsMs: 20_000,
      async run({ system, hold }) {
        system.proxies[name].setReplyDelay(1000);
        await hold();
        system.proxies[name].setReplyDelay(0);
        return undefined;
      },
    },
    {
      name: `${name}-flapping`,
      title: `${properName} flapping, 2 s up and 2 s down`,
      goal: { ...goal, repeatedLines: 2 * flaps + 2 },
      lastsMs: flaps * 2 * halfPeriodMs,
      async run({ system, lastsMs }) {
        for (let lastedMs = 0; lastedMs < lastsMs; lastedMs += 2 * halfPeriodMs) {
          await system.proxies[name].setReachable(false);
          await sleep(halfPeriodMs);
          await system.proxies[name].setReachable(true);
          await sleep(halfPeriodMs);
        }
        return undefined;
      },
    },
    {
      name: `${name}-cut`,
      title: `Connections to ${properName} cut in the middle of a reply`,
      // Each cut is an outage of its own, and told as one.
      goal: { ...goal, repeatedLines: Number.POSITIVE_INFINITY },
      lastsMs: 20_000,
      async run({ system, hold }) {
        system.proxies[name].cutEveryReply(repliesPerCut[name]);
        await hold();
        system.proxies[name].cutEveryReply(0);
        return undefined;
      },
    },
  ];
  return faults.map((fault) => ({
    ...fault,
    isTest: tests.some((test) => fault.name === `${name}-${test}`),
  }));
}
