/**
 * Ends what its launcher leaves behind. The launcher holds the other end of stdin and writes a line for each process:
 * `+PID STOPSIGNAL` once started, `-PID` once gone. The pipe closes when the launcher ends, however it ends.
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { filterRunning, listProcessTree, signalProcess } from './process-tree.mjs';

const gracePeriodMs = 10_000;
/** @type {Map<number, NodeJS.Signals>} */
const running = new Map();

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => {});

for await (const line of createInterface({ input: process.stdin })) {
  const [, sign, pid, stopSignal] = /^([+-])(\d+) ?(\w*)$/.exec(line) ?? [];
  if (sign === '+') running.set(Number(pid), /** @type {NodeJS.Signals} */ (stopSignal));
  if (sign === '-') running.delete(Number(pid));
}

const left = [...running].flatMap(([pid, stopSignal]) => {
  const tree = listProcessTree(pid);
  for (const member of tree) signalProcess(member, 'SIGCONT');
  signalProcess(pid, stopSignal);
  return tree;
});
const deadlineAtMs = Date.now() + gracePeriodMs;
while (filterRunning(left).length > 0 && Date.now() < deadlineAtMs) await sleep(50);
for (const pid of filterRunning(left)) signalProcess(pid, 'SIGKILL');
