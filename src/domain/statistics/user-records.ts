import type { Session, SessionStore, Turn } from '../sessions/session-store.ts';
import type { UserStatistics } from './statistics-store.ts';
import type { UserData } from './user-statistics.ts';

/** Everything the service holds of one user. */
export interface UserRecord {
  sessions: { sessionId: string; session: Session; turns: Turn[] }[];
  statistics: UserStatistics;
}

/** How much was deleted. */
export interface Erasure {
  sessions: number;
  /** Rows in Postgres and events on their way there. */
  statisticsRows: number;
}

export interface UserRecordsDependencies {
  sessionStore: Pick<SessionStore, 'exportUser' | 'eraseUser'>;
  statistics: UserData;
}

/** A person's rights to their data. Both throw DependencyError when a store is out; doing it again then completes it. */
export interface UserRecords {
  export(userId: string): Promise<UserRecord>;
  erase(userId: string): Promise<Erasure>;
}

export const createUserRecords = ({ sessionStore, statistics }: UserRecordsDependencies): UserRecords => ({
  async export(userId) {
    const [sessions, rows] = await Promise.all([
      sessionStore.exportUser(userId),
      statistics.exportUser(userId),
    ]);
    return { sessions, statistics: rows };
  },

  async erase(userId) {
    // One store being out must not keep the other's data.
    const [sessions, statisticsRows] = await Promise.allSettled([
      sessionStore.eraseUser(userId),
      statistics.eraseUser(userId),
    ]);
    if (sessions.status === 'rejected') throw sessions.reason;
    if (statisticsRows.status === 'rejected') throw statisticsRows.reason;
    return { sessions: sessions.value, statisticsRows: statisticsRows.value };
  },
});
