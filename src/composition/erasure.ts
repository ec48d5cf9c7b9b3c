import { createLogFilesPersonalData } from '../adapters/log-files/personal-data.ts';
import { erasedUserDays } from '../adapters/postgres/statistics/retention.ts';
import { tombstoneTtlSeconds } from '../adapters/redis/personal-data.ts';
import type { Config } from '../config/parse-config.ts';
import { auditRetentionDays } from '../domain/access/audit-trail.ts';
import type { Anonymizer } from '../domain/statistics/anonymizer.ts';
import type { DataSubject, Remainder } from '../domain/statistics/data-subject.ts';
import { createUserRecords } from '../domain/statistics/user-records.ts';
import { toStatisticsSubject, type UserData } from '../domain/statistics/user-statistics.ts';
import { forsakenAfterDays } from '../telemetry/rotating-file.ts';
import type { Adapters } from './adapters.ts';

const daySeconds = 86_400;

const notSearched: readonly Remainder[] = [
  {
    place: 'log files of other hosts, and nginx’s',
    reason: 'Out of this replica’s reach. They name nobody, but for logs of chats where these are kept.',
    goneAfterSeconds: forsakenAfterDays * daySeconds,
  },
  {
    place: 'backups',
    reason:
      'Out of this replica’s reach. BACKUP_RETENTION_DAYS, 30 unless set, says when the last one with the data is deleted.',
  },
  {
    place: 'texts of other people',
    reason: 'What others wrote about this person is theirs; statistics keep it masked.',
  },
  { place: 'chroma', reason: 'Holds entries of the knowledge base alone.' },
];

const kept: readonly Remainder[] = [
  {
    place: 'redis erased:*',
    reason: 'One-way name, so that an answer under way brings nothing back.',
    goneAfterSeconds: tombstoneTtlSeconds,
  },
  {
    place: 'postgres erased_users',
    reason: 'One-way name, so that statistics on their way are refused.',
    // Dropped by the daily retention once it is older than that.
    goneAfterSeconds: (erasedUserDays + 1) * daySeconds,
  },
  {
    place: 'postgres admin_actions',
    reason: 'Under a one-way name, that an operator exported or erased somebody.',
    goneAfterSeconds: auditRetentionDays * daySeconds,
  },
  { place: 'postgres statistics_rollups, latency_histograms', reason: 'Counts without a link to anybody.' },
];

/** A person's rights to their data, over everything that this replica reaches. */
export function createErasure(
  { logging, statistics: { anonymize } }: Config,
  { sessionStore, createPersonalData }: Adapters,
  { anonymizer, userData }: { anonymizer: Anonymizer; userData: UserData },
) {
  /** All names by which records and lines may know a person. */
  function namesOf(subject: DataSubject): string[] {
    const { userId, sessionHash } = toStatisticsSubject(subject, anonymizer);
    if (subject.sessionId !== undefined) return [sessionHash ?? '', subject.sessionId];
    return [...new Set([userId, subject.userId])];
  }
  return createUserRecords({
    sessionStore,
    chats: createPersonalData(namesOf),
    statistics: userData,
    logs: createLogFilesPersonalData({
      chatFile: logging.chatSessionFile === '' ? undefined : logging.chatSessionFile,
      otherFiles: logging.file === '' ? [] : [logging.file],
      namesOf,
    }),
    notSearched,
    kept: anonymize ? kept : kept.map(withoutOneWay),
  });
}

function withoutOneWay(remainder: Remainder): Remainder {
  return remainder.place.startsWith('postgres erased')
    ? {
        ...remainder,
        reason: 'The name itself (ANONYMIZE_DATA=false), so that statistics on their way are refused.',
      }
    : remainder;
}
