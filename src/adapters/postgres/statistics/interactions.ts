import { and, getTableColumns, inArray, isNotNull, sql } from 'drizzle-orm';
import type { InteractionEvent } from '../../../domain/statistics/statistics-event.ts';
import type { Database } from '../client.ts';
import { chatInteractions } from '../schema/statistics.ts';
import { eventKeyOf, firstByKey } from './event-key.ts';

const isFailed = ({ errorCode }: Pick<InteractionEvent, 'errorCode'>) => errorCode !== undefined;

/**
 * Writes each question once. One that failed and was answered when its asker tried again is an answered one, whichever
 * of the two comes first; whatever else is there already stays. Returns what was written, and of this the failures that
 * it took the place of. Needs the writer's lock.
 */
export const writeInteractions = async (database: Database, events: readonly InteractionEvent[]) => {
  const answersFirst = [...events].sort((one, other) => Number(isFailed(one)) - Number(isFailed(other)));
  const byKey = firstByKey(answersFirst);
  if (byKey.size === 0) return { interactions: [], replaced: [] };
  const failures = await findFailures(database, [...byKey.values()]);
  const rows = await database
    .insert(chatInteractions)
    .values([...byKey.values()].map((event) => ({ ...event, degraded: [...event.degraded] })))
    .onConflictDoUpdate({
      target: [chatInteractions.id, chatInteractions.at],
      set: asInserted,
      setWhere: sql`${chatInteractions.errorCode} IS NOT NULL AND excluded.error_code IS NULL`,
    })
    .returning({ id: chatInteractions.id, at: chatInteractions.at });
  const written = new Set(rows.map(eventKeyOf));
  return {
    interactions: [...byKey].flatMap(([key, event]) => (written.has(key) ? [event] : [])),
    replaced: failures.filter((failure) => written.has(eventKeyOf(failure))),
  };
};

/** What of these is there as a failure. */
const findFailures = (database: Database, events: readonly InteractionEvent[]) => {
  const { id, at, errorCode } = chatInteractions;
  const ids = events.map((event) => event.id);
  const instants = events.map((event) => event.at);
  return database
    .select()
    .from(chatInteractions)
    .where(and(inArray(id, ids), inArray(at, instants), isNotNull(errorCode)));
};

const { id: _id, at: _at, ...replaceable } = getTableColumns(chatInteractions);
const asInserted = Object.fromEntries(
  Object.entries(replaceable).map(([key, { name }]) => [key, sql`excluded.${sql.identifier(name)}`]),
);
