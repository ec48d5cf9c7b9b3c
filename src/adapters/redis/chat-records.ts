import type { ChatAnswer } from '../../domain/chat/chat-answer.ts';
import type { Session, Turn } from '../../domain/sessions/session-store.ts';

/** The `meta` hash of a session; undefined when there is none. */
export function parseSession(meta: Record<string, string>): Session | undefined {
  if (meta.startedAt === undefined) return undefined;
  return {
    startedAt: new Date(Number(meta.startedAt)),
    lastActiveAt: new Date(Number(meta.lastActiveAt ?? meta.startedAt)),
    role: meta.role,
    campus: meta.campus,
    turnCount: Number(meta.turnCount ?? 0),
    askedForAudience: meta.asked === '1',
  };
}

/** One element of the `turns` list; our own JSON. */
export function parseTurn(text: string): Turn {
  const turn = JSON.parse(text) as Turn;
  return { ...turn, answeredAt: new Date(turn.answeredAt) };
}

/** A finished answer; our own JSON. */
export function parseAnswer(text: string): ChatAnswer {
  const answer = JSON.parse(text) as ChatAnswer;
  return { ...answer, answeredAt: new Date(answer.answeredAt) };
}
