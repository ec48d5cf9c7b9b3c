import { monitorEventLoopDelay } from 'node:perf_hooks';
import { AppError } from '../domain/errors.ts';
import type { Metrics } from '../telemetry/metrics.ts';

const sampleEveryMs = 1000;
const retryAfterSeconds = 3;

/** Programs yield to people: they get this share of the places, the rest stays free for the chat page. */
const programShare = 0.8;

export interface Admission {
  /**
   * Takes a place at once, so that thousands that come together do not all find one free. The function that is
   * returned gives it back, once, however the chat ends.
   * @throws AppError SERVICE_UNAVAILABLE when this replica has its fill of answers, or lags.
   */
  admitChat(asker?: 'person' | 'program'): () => void;
  close(): void;
}

export interface AdmissionOptions {
  activeChats: () => number;
  maxConcurrentChats: number;
  /** Mean delay of the event loop, two seconds in a row, above which new chats are refused. */
  maxEventLoopDelayMs: number;
  metrics: Metrics;
}

/** Refuses early what could not be answered in time, so that what is accepted is. */
export function createAdmission(options: AdmissionOptions): Admission {
  const histogram = monitorEventLoopDelay({ resolution: 20 });
  histogram.enable();
  let lastDelayMs = 0;
  let delayMs = 0;
  let admitted = 0;
  const timer = setInterval(() => {
    const sampleMs = histogram.count > 0 ? histogram.mean / 1e6 : 0;
    // One slow second (a start, a new knowledge version) is no overload; two in a row are.
    delayMs = Math.min(lastDelayMs, sampleMs);
    lastDelayMs = sampleMs;
    histogram.reset();
  }, sampleEveryMs);
  timer.unref();

  function refuse(reason: 'in_flight' | 'event_loop'): never {
    options.metrics.requests.recordShed(reason);
    const message = 'Many people are asking at the moment. Please try again in a few seconds.';
    throw new AppError('SERVICE_UNAVAILABLE', message, { retryAfterSeconds });
  }

  return {
    admitChat(asker = 'person') {
      const share = asker === 'program' ? programShare : 1;
      // An answer can outlive its client, and a client can wait for an answer that another one began.
      const taken = Math.max(admitted, options.activeChats());
      if (taken >= options.maxConcurrentChats * share) refuse('in_flight');
      if (delayMs > options.maxEventLoopDelayMs) refuse('event_loop');
      admitted += 1;
      let isHeld = true;
      return () => {
        if (isHeld) admitted -= 1;
        isHeld = false;
      };
    },
    close() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}

/**
 * Takes a place, or lets somebody in crisis or danger in without one, as `pass` decides.
 * @throws what `admit` throws, where it does not pass.
 */
export async function admitOrPass(
  admit: () => () => void,
  pass: () => Promise<boolean>,
): Promise<() => void> {
  try {
    return admit();
  } catch (error) {
    if (await pass()) return () => {};
    throw error;
  }
}

/** Passes events on and gives the place back when they end, or when nobody wants them any more. */
export async function* releaseAfter<T>(events: AsyncIterable<T>, release: () => void): AsyncIterable<T> {
  try {
    yield* events;
  } finally {
    release();
  }
}
