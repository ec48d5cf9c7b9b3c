import { monitorEventLoopDelay } from 'node:perf_hooks';
import { AppError } from '../domain/errors.ts';
import type { Metrics } from '../telemetry/metrics.ts';

const sampleEveryMs = 1000;
const retryAfterSeconds = 3;

/** Programs yield to people: they get this share of the places, the rest stays free for the chat page. */
const programShare = 0.8;

export interface Admission {
  /** @throws AppError SERVICE_UNAVAILABLE when this replica has its fill of answers, or lags. */
  admitChat(asker?: 'person' | 'program'): void;
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
      if (options.activeChats() >= options.maxConcurrentChats * share) refuse('in_flight');
      if (delayMs > options.maxEventLoopDelayMs) refuse('event_loop');
    },
    close() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}
