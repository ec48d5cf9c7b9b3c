import type { StatisticsSubject } from './data-subject.ts';
import type { StatisticsEvent } from './statistics-event.ts';

/** True for the events of a person; ratings name no session, so those of one are told by `requestIds`. */
export function isOfSubject(
  event: StatisticsEvent,
  { userId, sessionHash }: StatisticsSubject,
  requestIds: ReadonlySet<string>,
): boolean {
  if (event.kind === 'search') return sessionHash !== undefined && requestIds.has(event.id);
  if (event.userId !== userId) return false;
  if (sessionHash === undefined) return true;
  return event.kind === 'feedback' ? requestIds.has(event.id) : event.sessionHash === sessionHash;
}
