import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ProcessGuard {
  watch(pid: number, stopSignal: NodeJS.Signals): void;
  unwatch(pid: number): void;
}

/**
 * Starts the process that ends the watched ones if this one dies without doing so, even by SIGKILL. It leads its own
 * session, out of reach of the terminal's Ctrl-C, and never keeps this process alive.
 */
function startProcessGuard(): ProcessGuard {
  const guard = spawn(process.execPath, [fileURLToPath(new URL('guard.mjs', import.meta.url))], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  const { stdin } = guard;
  stdin.on('error', () => {}); // the guard is gone: nothing left to tell it
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
  return {
    watch: (pid, stopSignal) => void stdin.write(`+${pid} ${stopSignal}\n`),
    unwatch: (pid) => void stdin.write(`-${pid}\n`),
  };
}

let guardOfThisProcess: ProcessGuard | undefined;

/** One guard serves all that this process starts. */
export function processGuard(): ProcessGuard {
  guardOfThisProcess ??= startProcessGuard();
  return guardOfThisProcess;
}
