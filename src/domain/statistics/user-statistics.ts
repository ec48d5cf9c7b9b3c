import type { Anonymizer } from './anonymizer.ts';
import type { StatisticsQueue } from './statistics-queue.ts';
import type { StatisticsStore, UserStatistics } from './statistics-store.ts';

export interface UserDataDependencies {
  store: Pick<StatisticsStore, 'exportUser' | 'eraseUser'>;
  queue: Pick<StatisticsQueue, 'eraseUser'>;
  anonymizer: Pick<Anonymizer, 'userId'>;
}

/** What statistics hold of a user, named by the id that the user sends. Both throw DependencyError. */
export interface UserData {
  exportUser(userId: string): Promise<UserStatistics>;
  /** Deletes it, also what is still on its way to the store. Returns how many rows and events went. */
  eraseUser(userId: string): Promise<number>;
}

export const createUserStatistics = ({ store, queue, anonymizer }: UserDataDependencies): UserData => ({
  exportUser: (userId) => store.exportUser(anonymizer.userId(userId)),
  eraseUser: async (userId) => {
    const name = anonymizer.userId(userId);
    // The store first: from then on it refuses what the queue still gives it.
    const rows = await store.eraseUser(name);
    return rows + (await queue.eraseUser(name));
  },
});
