import inspector from 'node:inspector';
import { Worker } from 'node:worker_threads';
import { debuggedAt, heartbeatAt, tickMs, type WatchdogData } from './watchdog-data.ts';

/**
 * Ends this process once its event loop has been stuck for about 10 s: whatever starts it again (compose, the launcher)
 * does so for a process that ended, not for one that is silent. The end is a SIGKILL, which process 1 of a container does
 * not get: compose and Swarm put an init before it, Kubernetes ends it by its liveness probe.
 */
export function startWatchdog({ replicaId }: Pick<WatchdogData, 'replicaId'>): void {
  const shared = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  const beat = () => {
    Atomics.add(shared, heartbeatAt, 1);
    Atomics.store(shared, debuggedAt, inspector.url() === undefined ? 0 : 1);
  };
  beat();
  setInterval(beat, tickMs / 2).unref();
  const workerData: WatchdogData = { shared, replicaId };
  new Worker(new URL('./watchdog-worker.js', import.meta.url), { workerData }).unref();
}
