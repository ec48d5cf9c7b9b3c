import { setTimeout as sleep } from 'node:timers/promises';
import { answersHttp } from '../../../../infra/local/probes.ts';
import { until } from '../../until.ts';
import { askStream } from '../chat-client.ts';
import type { Fault } from '../fault.ts';
import type { FaultSystem } from '../fault-system.ts';

const victimOf = (system: FaultSystem, index = 0) => {
  const victim = system.replicas()[index];
  if (!victim) throw new Error('there is no such replica');
  return victim;
};

/** A replica that stands still sees its own time limits run out, and makes do with what it has. */
const mayLackAnything = ['redis', 'chroma', 'gemini'] as const;

export const replicaFaults: readonly Fault[] = [
  {
    name: 'replica-killed',
    title: 'One of three replicas killed (SIGKILL), restarted by its supervisor',
    goal: {},
    lastsMs: 10_000,
    isTest: true,
    async run({ system, hold }) {
      await victimOf(system).kill();
      await hold();
      return undefined;
    },
  },
  {
    name: 'replicas-killed-in-turn',
    title: 'Each replica killed once, the next one as soon as the one before is back',
    goal: {},
    lastsMs: 2000,
    async run({ system, hold }) {
      for (const replica of system.replicas()) {
        await replica.kill();
        await until(() => answersHttp(`${replica.url}/readyz`).catch(() => false));
        await hold();
      }
      return undefined;
    },
  },
  {
    name: 'replica-frozen',
    title: 'One of three replicas frozen (SIGSTOP) beyond the read limit of nginx',
    goal: { mayLack: mayLackAnything },
    lastsMs: 45_000,
    async run({ system, hold }) {
      const victim = victimOf(system);
      victim.pause();
      await hold();
      victim.resume();
      return undefined;
    },
  },
  {
    name: 'replica-out-of-memory',
    title: 'One replica runs out of heap and dies',
    // While it lags, it refuses with 503 what others would take.
    goal: { mayLack: mayLackAnything, failedShare: 0.01 },
    lastsMs: 15_000,
    isTest: true,
    async run({ system, hold }) {
      const victim = victimOf(system);
      const died = new Promise<void>((resolve) => victim.onUnexpectedExit(() => resolve()));
      await system.agentOf(victim).exhaustMemory();
      await Promise.race([died, sleep(60_000)]);
      await hold();
      return undefined;
    },
  },
  {
    name: 'event-loop-blocked',
    title: 'The event loop of one replica blocked for 5 s',
    goal: { mayLack: mayLackAnything },
    lastsMs: 5000,
    isTest: true,
    async run({ system }) {
      await system.agentOf(victimOf(system)).block(5000);
      return undefined;
    },
  },
  endingItself({
    name: 'uncaught-exception',
    title: 'An exception that nobody catches: the replica drains, ends and is restarted',
    isTest: true,
    fail: (agent) => agent.throwUncaught(),
  }),
  endingItself({
    name: 'unhandled-rejection',
    title: 'A rejection that nobody handles: the replica drains, ends and is restarted',
    fail: (agent) => agent.rejectUnhandled(),
  }),
  {
    name: 'rolling-restart',
    title: 'All replicas restarted in turn (SIGTERM)',
    goal: {},
    lastsMs: 0,
    isTest: true,
    async run({ system }) {
      for (const replica of system.replicas()) await replica.restart();
      return undefined;
    },
  },
  {
    name: 'scaled',
    title: 'Scaled from 3 replicas to 5, to 2 and back to 3',
    goal: {},
    lastsMs: 5000,
    async run({ system, hold }) {
      for (const count of [5, 2, 3]) {
        await system.scale(count);
        await hold();
      }
      return undefined;
    },
  },
  {
    name: 'sigterm-with-streams',
    title: 'SIGTERM to a replica with 100 open streams',
    goal: {},
    lastsMs: 0,
    run: ({ system }) => endWithStreams(system, 100),
  },
  {
    name: 'clock-jump',
    title: 'The clock of one replica 5 minutes ahead, then 5 minutes behind',
    goal: {},
    lastsMs: 8000,
    async run({ system, hold }) {
      const agent = system.agentOf(victimOf(system));
      for (const minutes of [5, -5]) {
        await agent.shiftClock(minutes * 60_000);
        await hold();
      }
      await agent.shiftClock(0);
      return undefined;
    },
  },
];

/** An error that leaves a replica in an unknown state: it must end with code 1. */
function endingItself({
  fail,
  ...fault
}: Pick<Fault, 'name' | 'title' | 'isTest'> & {
  fail: (agent: ReturnType<FaultSystem['agentOf']>) => Promise<void>;
}): Fault {
  return {
    ...fault,
    goal: {},
    lastsMs: 10_000,
    async run({ system, hold }) {
      const victim = victimOf(system);
      const code = new Promise((resolve) => victim.onUnexpectedExit((exit) => resolve(exit.code)));
      await fail(system.agentOf(victim));
      const exitCode = await code;
      await hold();
      return { problems: exitCode === 1 ? [] : [`exit code ${exitCode}`] };
    },
  };
}

/** Every stream must end with its answer, on the replica that began it, and the process with code 0 in time. */
async function endWithStreams(system: FaultSystem, count: number) {
  await system.gemini.setScript({ ...system.usualScript, chunks: 20, chunkDelayMs: 300 });
  const victim = victimOf(system);
  let opened = 0;
  const streams = Array.from({ length: count }, (_, index) =>
    askStream({
      origin: victim.url,
      userId: `leaver-${index}`,
      sessionId: `leaving-${index}`,
      message: `How do I connect to eduroam on device ${index}?`,
      onOpen: () => void opened++,
    }),
  );
  const results = Promise.allSettled(streams);
  const isAnyOver = await Promise.race([
    Promise.race(streams).then(() => true),
    until(() => opened === count).then(() => false),
  ]);
  const startedAtMs = performance.now();
  const exit = new Promise<number | null>((resolve) => victim.onUnexpectedExit(({ code }) => resolve(code)));
  victim.signal('SIGTERM');
  const code = await exit;
  const durationMs = performance.now() - startedAtMs;
  await system.gemini.setScript(system.usualScript);
  const broken = (await results).filter(({ status }) => status === 'rejected');
  return {
    note: `${count - broken.length} of ${count} streams complete, exit ${code} after ${(durationMs / 1000).toFixed(1)} s`,
    problems: [
      ...(isAnyOver ? ['streams ended before all were open'] : []),
      ...(code === 0 ? [] : [`exit code ${code}`]),
      ...broken.slice(0, 2).map((result) => `a stream was cut: ${(result as PromiseRejectedResult).reason}`),
    ],
  };
}
