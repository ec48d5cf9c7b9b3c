import type { SearchedPlace, StatisticsSubject } from './data-subject.ts';
import type { StatisticsEvent } from './statistics-event.ts';
import type { PerformanceReport, UsageReport } from './statistics-report.ts';

/** Everything that statistics hold of one user, as stored: rows by table. */
export type UserStatistics = Record<string, Record<string, unknown>[]>;

export interface ErasedStatistics {
  rows: number;
  requestIds: readonly string[];
}

/** What a question was asked about, as an older system counted it. */
export interface CountedQuestion {
  /** Stable, so that a second import changes nothing. */
  id: string;
  day: Date;
  /** Masked and normalised. */
  question: string;
  count: number;
  averageTimeMs: number;
}

export interface ImportBatch {
  events: readonly StatisticsEvent[];
  questions: readonly CountedQuestion[];
}

export interface RetentionReport {
  /** Days (`2026-03-01`) whose rows were dropped, oldest first. */
  droppedDays: string[];
}

/** The store refused events for what they hold; it would refuse them for ever. */
export class UnstorableEventsError extends Error {
  override readonly name = 'UnstorableEventsError';

  constructor(options: ErrorOptions) {
    super('These statistics events cannot be stored', options);
  }
}

/**
 * Usage statistics in Postgres. Every call is bounded in time and throws DependencyError `postgres` when the store
 * is out. User ids are those of the anonymizer.
 */
export interface StatisticsStore {
  /**
   * Writes rows and roll-ups in one transaction and returns how many events were new. An event that is there
   * already changes nothing, whichever replica wrote it and however often it comes; but an answer takes the place of
   * the failure of the same question, rows and counts.
   * @throws UnstorableEventsError when there is at least one among them that can never be stored; none is, then.
   */
  recordEvents(events: readonly StatisticsEvent[]): Promise<number>;
  /** The same for an older system's data; remembers each id for good, beyond the retention. */
  importBatch(batch: ImportBatch): Promise<number>;
  /** The last `days` times 24 hours, from the full hour on. Its time does not depend on how much is stored. */
  getUsage(days: number): Promise<UsageReport>;
  getPerformance(days: number): Promise<PerformanceReport>;
  /** Drops what is older than the retention and makes room for the days ahead. Undefined while another replica does. */
  applyRetention(): Promise<RetentionReport | undefined>;
  exportUser(userId: string): Promise<UserStatistics>;
  /**
   * Deletes everything that is linked to a user or to one session, and refuses events of theirs that are still on the way.
   * Counts without a link to them stay. Returns how many rows went, and the ids of the requests among them.
   */
  erase(subject: StatisticsSubject): Promise<ErasedStatistics>;
  /** Looks for the subject in every table that names a user or a session, but for the tombstone. */
  search(subject: StatisticsSubject): Promise<SearchedPlace>;
}
