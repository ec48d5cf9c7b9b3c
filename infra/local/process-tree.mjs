import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** @returns {Array<[pid: number, parent: number]>} */
function listProcesses() {
  if (process.platform !== 'linux') {
    const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
    return table
      .trim()
      .split('\n')
      .map((line) => {
        const [pid, parent] = line.trim().split(/\s+/).map(Number);
        return [pid ?? 0, parent ?? 0];
      });
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const afterCommand = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return [[Number(name), Number(afterCommand[1])]];
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
    for (const [pid, itsParent] of processes) if (itsParent === parent) tree.push(pid);
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
