import type { Campus, Role } from '../audience.ts';

/** Whose session: the pair opens it, neither half alone does. */
export interface SessionKey {
  userId: string;
  sessionId: string;
}

/** One question with its answer. */
export interface Turn {
  requestId: string;
  question: string;
  answer: string;
  answeredAt: Date;
}

export interface Session {
  startedAt: Date;
  lastActiveAt: Date;
  role?: Role | undefined;
  campus?: Campus | undefined;
  /** Turn pairs ever stored, also those that the cap of 200 dropped. */
  turnCount: number;
  /** True once an answer asked for campus or role, so that it is asked once. */
  askedForAudience: boolean;
}

/** The session that a request under an Idempotency-Key opened. */
export interface AgreedSession {
  sessionId: string;
  /** Of the body, where nothing else compares it; else empty. */
  bodyHash: string;
}

/** Session state in Redis. Every method throws DependencyError `redis` when the store is out. */
export interface SessionStore {
  /** Creates the session unless it exists; refreshes its life either way. */
  start(
    key: SessionKey,
    audience: { role?: Role | undefined; campus?: Campus | undefined },
  ): Promise<Session>;
  find(key: SessionKey): Promise<Session | undefined>;
  /** What was agreed on for this purpose of a user's within the last 10 minutes, else `proposed`, agreed on from now. */
  agreeOnId(purpose: string, proposed: AgreedSession, userId: string): Promise<AgreedSession>;
  /** All kept turns, oldest first, at most 200; undefined when there is no such session. */
  findHistory(key: SessionKey): Promise<Turn[] | undefined>;
  /** Deletes session and history; returns what it was, or undefined. */
  end(key: SessionKey): Promise<Session | undefined>;
  /** Sessions that are alive now, over all users. */
  countActive(): Promise<number>;
  /** Everything held for a user, for export. */
  exportUser(userId: string): Promise<{ sessionId: string; session: Session; turns: Turn[] }[]>;
}
