import { sql } from 'drizzle-orm';
import type { InteractionEvent, SessionEvent } from '../../../domain/statistics/statistics-event.ts';
import type { Database } from '../client.ts';
import { userSessions } from '../schema/statistics.ts';

type SessionRow = typeof userSessions.$inferInsert;

type Asked = Pick<SessionRow, 'sessionHash' | 'userId' | 'role' | 'campus'> & { at: Date };

const rowOfInteraction = ({ sessionHash, userId, at, role, campus }: Asked): SessionRow => ({
  sessionHash,
  userId,
  startedAt: at,
  lastActiveAt: at,
  role,
  campus,
  interactionCount: 1,
});

const rowOfChange = ({
  sessionHash,
  userId,
  at,
  role,
  campus,
  change,
  turnCount,
}: SessionEvent): SessionRow => ({
  sessionHash,
  userId,
  startedAt: at,
  lastActiveAt: at,
  role,
  campus,
  interactionCount: 0,
  ...(change === 'ended' && { endedAt: at, turnCount }),
});

const earlier = (one: Date, other: Date) => (one < other ? one : other);
const later = (one: Date, other: Date) => (one > other ? one : other);

const merge = (one: SessionRow, other: SessionRow): SessionRow => ({
  ...one,
  startedAt: earlier(one.startedAt, other.startedAt),
  lastActiveAt: later(one.lastActiveAt, other.lastActiveAt),
  endedAt: other.endedAt ?? one.endedAt,
  role: other.role ?? one.role,
  campus: other.campus ?? one.campus,
  interactionCount: one.interactionCount + other.interactionCount,
  turnCount: other.turnCount ?? one.turnCount,
});

/**
 * Brings sessions up to date. Begins and ends may come again without effect; interactions must be new ones, and may
 * have taken the place of others that were counted.
 */
export const writeSessions = async (
  database: Database,
  changes: readonly SessionEvent[],
  interactions: readonly InteractionEvent[],
  replaced: readonly Asked[],
): Promise<void> => {
  const uncounting = replaced.map((asked) => ({ ...rowOfInteraction(asked), interactionCount: -1 }));
  const rows = new Map<string, SessionRow>();
  for (const row of [...uncounting, ...interactions.map(rowOfInteraction), ...changes.map(rowOfChange)]) {
    const known = rows.get(row.sessionHash);
    rows.set(row.sessionHash, known === undefined ? row : merge(known, row));
  }
  if (rows.size === 0) return;
  await database
    .insert(userSessions)
    .values([...rows.values()])
    .onConflictDoUpdate({
      target: userSessions.sessionHash,
      set: {
        startedAt: sql`least(${userSessions.startedAt}, excluded.started_at)`,
        lastActiveAt: sql`greatest(${userSessions.lastActiveAt}, excluded.last_active_at)`,
        endedAt: sql`coalesce(excluded.ended_at, ${userSessions.endedAt})`,
        role: sql`coalesce(excluded.role, ${userSessions.role})`,
        campus: sql`coalesce(excluded.campus, ${userSessions.campus})`,
        interactionCount: sql`${userSessions.interactionCount} + excluded.interaction_count`,
        turnCount: sql`coalesce(excluded.turn_count, ${userSessions.turnCount})`,
      },
    });
};
