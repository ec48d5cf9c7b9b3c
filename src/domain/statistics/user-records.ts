import type { Session, SessionStore, Turn } from '../sessions/session-store.ts';
import type { DataSubject, PersonalData, Remainder, SearchedPlace } from './data-subject.ts';
import type { UserStatistics } from './statistics-store.ts';
import type { UserData } from './user-statistics.ts';

/** Everything the service holds of one user. */
export interface UserRecord {
  sessions: { sessionId: string; session: Session; turns: Turn[] }[];
  statistics: UserStatistics;
}

/** How much was deleted, and what a search found afterwards. */
export interface Erasure {
  sessions: number;
  /** Rows in Postgres and events on their way there. */
  statisticsRows: number;
  /** Lines of the log of chats. */
  logLines: number;
  searched: readonly SearchedPlace[];
  /** What the search did not reach. */
  notSearched: readonly Remainder[];
  /** What has to stay for a while, so that nothing comes back. */
  kept: readonly Remainder[];
}

export interface UserRecordsDependencies {
  sessionStore: Pick<SessionStore, 'exportUser'>;
  /** Sessions, claims and replies. */
  chats: PersonalData<number>;
  statistics: UserData;
  /** Files of this host. */
  logs: PersonalData<number>;
  notSearched: readonly Remainder[];
  kept: readonly Remainder[];
}

/** A person's rights to their data. Both throw DependencyError when a store is out; doing it again then completes it. */
export interface UserRecords {
  export(userId: string): Promise<UserRecord>;
  erase(subject: DataSubject): Promise<Erasure>;
}

export const createUserRecords = (dependencies: UserRecordsDependencies): UserRecords => {
  const { sessionStore, chats, statistics, logs, notSearched, kept } = dependencies;
  return {
    async export(userId) {
      const [sessions, rows] = await Promise.all([
        sessionStore.exportUser(userId),
        statistics.exportUser(userId),
      ]);
      return { sessions, statistics: rows };
    },

    async erase(subject) {
      // One place being out must not keep what the others hold.
      const [sessions, statisticsRows] = await Promise.allSettled([
        chats.erase(subject),
        statistics.erase(subject),
      ]);
      // Last, for what was under way until now is logged when it ends.
      const logLines = await logs.erase(subject);
      if (sessions.status === 'rejected') throw sessions.reason;
      if (statisticsRows.status === 'rejected') throw statisticsRows.reason;
      const searched = [];
      for (const place of [chats, statistics, logs]) searched.push(await place.search(subject));
      return {
        sessions: sessions.value,
        statisticsRows: statisticsRows.value,
        logLines,
        searched,
        notSearched,
        kept,
      };
    },
  };
};
