import type { Clock } from '../../src/domain/clock.ts';

export interface ManualClock extends Clock {
  /** Lets so many ms pass: whatever is due by then happens in its order, with all that follows from it at once. */
  advance(ms: number): Promise<void>;
}

interface Timer {
  dueAtMs: number;
  fire(): void;
}

/** Time that passes only when it is told to. */
export function createManualClock(): ManualClock {
  const timers = new Set<Timer>();
  let nowMs = 0;

  function wait(ms: number, fire: () => void): () => void {
    const timer = { dueAtMs: nowMs + ms, fire };
    timers.add(timer);
    return () => timers.delete(timer);
  }

  function every(ms: number, callback: () => void): () => void {
    let end = () => {};
    const next = () => {
      end = wait(ms, () => {
        end();
        next();
        callback();
      });
    };
    next();
    return () => end();
  }

  return {
    now: () => nowMs,
    every,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const onAbort = () => {
          end();
          reject(signal?.reason);
        };
        const end = wait(ms, () => {
          end();
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
    async advance(ms) {
      const untilMs = nowMs + ms;
      await settle();
      for (;;) {
        const [next] = [...timers].sort((one, other) => one.dueAtMs - other.dueAtMs);
        if (next === undefined || next.dueAtMs > untilMs) break;
        nowMs = Math.max(nowMs, next.dueAtMs);
        next.fire();
        await settle();
      }
      nowMs = untilMs;
      await settle();
    },
  };
}

/** Lets everything happen that waits for no time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
