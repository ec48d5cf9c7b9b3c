import { setTimeout as delay } from 'node:timers/promises';

/** Time as the domain sees it, so that a test can make it pass. */
export interface Clock {
  /** Monotonic, in ms. */
  now(): number;
  /** Resolves after so many ms. @throws the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls back every so many ms until the returned function is called. */
  every(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal && { signal }),
  every(ms, callback) {
    const timer = setInterval(callback, ms);
    return () => clearInterval(timer);
  },
};
