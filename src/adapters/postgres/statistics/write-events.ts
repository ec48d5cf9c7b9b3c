import { inArray } from 'drizzle-orm';
import {
  countFeedback,
  countInteraction,
  countSearch,
  uncount,
} from '../../../domain/statistics/count-events.ts';
import type { SearchEvent, StatisticsEvent } from '../../../domain/statistics/statistics-event.ts';
import type { Database } from '../client.ts';
import { erasedUsers, searchPerformance } from '../schema/statistics.ts';
import { eventKeyOf, firstByKey } from './event-key.ts';
import { writeFeedback } from './feedback.ts';
import { writeInteractions } from './interactions.ts';
import { writeLastSeen } from './last-seen.ts';
import { createPartitions } from './partitions.ts';
import { writeQuestions } from './questions.ts';
import { addCounts } from './rollups.ts';
import { writeSessions } from './sessions.ts';

export interface TrackingOptions {
  /** TRACK_USER_SESSIONS */
  trackUserSessions: boolean;
  /** TRACK_QUERY_ANALYTICS */
  trackQueryAnalytics: boolean;
}

type Search = Omit<SearchEvent, 'kind'>;

const ofKind = <K extends StatisticsEvent['kind']>(events: readonly StatisticsEvent[], kind: K) =>
  events.filter((event): event is Extract<StatisticsEvent, { kind: K }> => event.kind === kind);

/** Writes events and what follows from those that are new; returns how many were. Needs the writer's lock. */
export const writeEvents = async (
  database: Database,
  events: readonly StatisticsEvent[],
  { trackUserSessions, trackQueryAnalytics }: TrackingOptions,
): Promise<number> => {
  const wanted = await withoutErasedUsers(database, events);
  const dated = [...ofKind(wanted, 'interaction'), ...ofKind(wanted, 'search')];
  if (dated.length > 0)
    await createPartitions(
      database,
      dated.map(({ at }) => at),
    );

  const { interactions, replaced } = await writeInteractions(database, ofKind(wanted, 'interaction'));
  const searchesOfChats = await insertSearches(
    database,
    interactions.filter(({ searchTimeMs }) => searchTimeMs > 0),
  );
  const searches = await insertSearches(database, ofKind(wanted, 'search'));
  const ratings = await writeFeedback(database, ofKind(wanted, 'feedback'));
  const lastSeen = await writeLastSeen(database, interactions);
  if (trackUserSessions) await writeSessions(database, ofKind(wanted, 'session'), interactions, replaced);
  if (trackQueryAnalytics) await writeQuestions(database, interactions);
  await addCounts(database, [
    ...interactions.flatMap(countInteraction),
    ...replaced.flatMap(countInteraction).map(uncount),
    ...[...searchesOfChats, ...searches].flatMap(countSearch),
    ...ratings.flatMap(({ rating, replaced }) => countFeedback(rating, replaced)),
    ...lastSeen,
  ]);
  return interactions.length + searches.length + ratings.length;
};

/** Events from before their user or session was erased may still have been on the way. */
const withoutErasedUsers = async (
  database: Database,
  events: readonly StatisticsEvent[],
): Promise<readonly StatisticsEvent[]> => {
  const names = new Set(events.flatMap(namesOf));
  if (names.size === 0) return events;
  const rows = await database
    .select()
    .from(erasedUsers)
    .where(inArray(erasedUsers.userId, [...names]));
  const erasedAt = new Map(rows.map((row) => [row.userId, row.erasedAt.getTime()]));
  return events.filter((event) =>
    namesOf(event).every((name) => event.at.getTime() > (erasedAt.get(name) ?? -Infinity)),
  );
};

/** Names that an event's user or session may have been erased under. */
const namesOf = (event: StatisticsEvent): string[] => {
  if (event.kind === 'search') return [];
  return event.kind === 'feedback' ? [event.userId] : [event.userId, event.sessionHash];
};

const insertSearches = async (database: Database, searches: readonly Search[]): Promise<Search[]> => {
  const byKey = firstByKey(searches);
  if (byKey.size === 0) return [];
  const inserted = await database
    .insert(searchPerformance)
    .values([...byKey.values()])
    .onConflictDoNothing()
    .returning({ id: searchPerformance.id, at: searchPerformance.at });
  return inserted.flatMap((row) => byKey.get(eventKeyOf(row)) ?? []);
};
