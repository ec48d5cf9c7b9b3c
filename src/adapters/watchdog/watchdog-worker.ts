import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { createStallCounter } from './stall-counter.ts';
import { debuggedAt, heartbeatAt, limitTicks, tickMs, type WatchdogData } from './watchdog-data.ts';

/** Its descriptor: the stream of a worker passes through the stuck thread. */
const stdout = 1;
const { shared, replicaId } = workerData as WatchdogData;
const isStuck = createStallCounter(limitTicks);

const ticking = setInterval(() => {
  const count = Atomics.load(shared, heartbeatAt);
  if (isStuck({ count, isDebugged: Atomics.load(shared, debuggedAt) === 1 })) end();
}, tickMs);

/** The stuck thread can neither write logs nor handle a signal, so nothing gentler than SIGKILL is left. */
function end(): void {
  clearInterval(ticking);
  const line = {
    level: 'CRITICAL',
    time: new Date().toISOString(),
    replica: replicaId,
    msg: `the event loop was stuck for ${(limitTicks * tickMs) / 1000} s: the replica ends itself, to be started again`,
  };
  try {
    writeSync(stdout, `${JSON.stringify(line)}\n`);
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}
