import { setTimeout as delayFor } from 'node:timers/promises';
import type { RetentionReport, StatisticsStore } from './statistics-store.ts';

export interface RetentionDependencies {
  store: Pick<StatisticsStore, 'applyRetention'>;
  /** Called when days were dropped. */
  onDropped: (report: RetentionReport) => void;
  /** Called for the first of failures in a row. */
  onFailed: (error: unknown) => void;
}

export interface Retention {
  start(): void;
  /** No further round; one under way may end by itself. */
  stop(): void;
}

const intervalMs = 3_600_000;
const retryMs = 60_000;

/** Applies the retention at the start and every hour, on every replica; the store lets one of them do it. */
export const createRetention = ({ store, onDropped, onFailed }: RetentionDependencies): Retention => {
  const stopping = new AbortController();

  const run = async () => {
    let isFailing = false;
    while (!stopping.signal.aborted) {
      try {
        const report = await store.applyRetention();
        if (report !== undefined && report.droppedDays.length > 0) onDropped(report);
        isFailing = false;
      } catch (error) {
        if (!isFailing) onFailed(error);
        isFailing = true;
      }
      const pauseMs = isFailing ? retryMs : intervalMs;
      await delayFor(pauseMs, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
    }
  };

  return {
    start: () => void run(),
    stop: () => stopping.abort(),
  };
};
