import { setImmediate } from 'node:timers';

/**
 * Rejects with `error()` when `work` has not settled after `limitMs`. The work itself goes on.
 * When the event loop was blocked, the reply may already wait in the socket while the timer fires first; so the input
 * that has arrived is handled once more before the limit counts.
 */
export function withTimeLimit<T>(work: Promise<T>, limitMs: number, error: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(() => setImmediate(() => reject(error()))), limitMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
