import type { StatisticsSubject } from './data-subject.ts';
import type { StatisticsEvent } from './statistics-event.ts';

export interface QueuedEvent {
  /** Handle for `acknowledge`. */
  queueId: string;
  event: StatisticsEvent;
}

/** Statistics on their way to Postgres: a Redis Stream with a consumer group; each event leaves it once written. */
export interface StatisticsQueue {
  /** Adds events. False when the configured cap is reached and they were refused (and counted). */
  append(events: readonly StatisticsEvent[]): Promise<boolean>;
  /** The next events for this consumer, new ones or those of a consumer that died; waits up to `blockMs`. */
  take(limit: number, blockMs: number): Promise<QueuedEvent[]>;
  /** Removes events that are written. */
  acknowledge(queueIds: readonly string[]): Promise<void>;
  /** Takes out, and keeps apart for an operator to look at, events that can never be written. */
  setAside(queueIds: readonly string[]): Promise<void>;
  /** Removes a person's events, ratings of `requestIds` among them, also those set aside. Returns how many. */
  erase(subject: StatisticsSubject, requestIds: readonly string[]): Promise<number>;
  /** Events waiting, and the age in ms of the oldest. */
  backlog(): Promise<{ count: number; oldestAgeMs: number }>;
}
