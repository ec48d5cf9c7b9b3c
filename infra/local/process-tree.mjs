import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** @typedef {{ pid: number, parent: number, isZombie: boolean }} ProcessEntry */

/** @returns {ProcessEntry[]} */
function listProcesses() {
  if (process.platform !== 'linux') {
    const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,state='], { encoding: 'utf8' });
    return table
      .trim()
      .split('\n')
      .map((line) => {
        const [pid, parent, state] = line.trim().split(/\s+/);
        return { pid: Number(pid), parent: Number(parent), isZombie: state?.startsWith('Z') ?? false };
      });
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return [{ pid: Number(name), parent: Number(parent), isZombie: state === 'Z' }];
      } catch {
        return []; // ended while the list was read
      }
    });
}

/**
 * A process and all that descend from it, parents first. The group would not do: each Postgres backend leads its own.
 * @param {number} root
 * @returns {number[]}
 */
export function listProcessTree(root) {
  const processes = listProcesses();
  const tree = [root];
  for (const parent of tree) {
    for (const child of processes) if (child.parent === parent) tree.push(child.pid);
  }
  return tree;
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals | 0} signal
 * @returns {boolean} whether the process was there
 */
export function signalProcess(pid, signal) {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * Which of the processes still run. One that has ended and that its parent has not asked about does not.
 * @param {readonly number[]} pids
 * @returns {number[]}
 */
export function filterRunning(pids) {
  const running = new Set(listProcesses().flatMap(({ pid, isZombie }) => (isZombie ? [] : [pid])));
  return pids.filter((pid) => running.has(pid));
}
