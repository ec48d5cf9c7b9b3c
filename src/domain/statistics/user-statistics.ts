import type { Anonymizer } from './anonymizer.ts';
import type { DataSubject, PersonalData, StatisticsSubject } from './data-subject.ts';
import type { StatisticsQueue } from './statistics-queue.ts';
import type { StatisticsStore, UserStatistics } from './statistics-store.ts';

export interface UserDataDependencies {
  store: Pick<StatisticsStore, 'exportUser' | 'erase' | 'search'>;
  queue: Pick<StatisticsQueue, 'erase'>;
  anonymizer: Pick<Anonymizer, 'userId' | 'sessionHash'>;
}

/**
 * What statistics hold of a person, named as they name themselves. `erase` deletes also what is still on its way to the
 * store and returns how many rows and events went.
 */
export interface UserData extends PersonalData<number> {
  /** @throws DependencyError */
  exportUser(userId: string): Promise<UserStatistics>;
}

/** Names under which statistics know a person. */
export const toStatisticsSubject = (
  { userId, sessionId }: DataSubject,
  anonymizer: Pick<Anonymizer, 'userId' | 'sessionHash'>,
): StatisticsSubject => ({
  userId: anonymizer.userId(userId),
  ...(sessionId !== undefined && { sessionHash: anonymizer.sessionHash({ userId, sessionId }) }),
});

export const createUserStatistics = ({ store, queue, anonymizer }: UserDataDependencies): UserData => ({
  exportUser: (userId) => store.exportUser(anonymizer.userId(userId)),
  erase: async (subject) => {
    const named = toStatisticsSubject(subject, anonymizer);
    // The store first: from then on it refuses what the queue still gives it.
    const { rows, requestIds } = await store.erase(named);
    return rows + (await queue.erase(named, requestIds));
  },
  search: (subject) => store.search(toStatisticsSubject(subject, anonymizer)),
});
