import { createHash } from 'node:crypto';
import type { ClaimKey } from '../../domain/chat/chat-store.ts';
import type { SessionKey } from '../../domain/sessions/session-store.ts';

/** One-way name of an identity; an HMAC with the installation's salt. */
export type HashIdentity = (text: string) => string;

/** Life of claims, results and replies: how long a retry or a reconnecting client finds its answer. */
export const replyTtlSeconds = 600;
/** Life of what leads to claims and replies, for erasure: their lives begin anew when an answer is closed. */
export const indexTtlSeconds = replyTtlSeconds + 300;
export const answerTtlSeconds = 3600;
export const embeddingTtlSeconds = 86_400;

/** The two keys without a TTL. */
export const statisticsEventsKey = 'statistics:events';
export const knowledgeActiveKey = 'knowledge:active';

/** There while a replica answers from that version; renewed well within its life. */
export const knowledgeServedKey = (version: number) => `knowledge:served:${version}`;
export const knowledgeServedTtlSeconds = 30;

/** Statistics events that cannot be written, kept for an operator to look at. */
export const statisticsSetAsideKey = 'statistics:set-aside';

/** Written to see whether Redis takes writes; gone at once. */
export const probeKey = 'probe';

export const replicasKey = 'replicas';
export const activeSessionsKey = 'sessions:active';
export const stopChannel = 'chat:stop';

export const replyKey = (generation: string) => `reply:${generation}`;
export const answerKey = (key: string) => `answer:${digest(key)}`;
export const answerLeaseKey = (key: string) => `answer:${digest(key)}:lease`;
export const embeddingKey = (key: string) => `embedding:${digest(key)}`;
/** The counter that the version before this one reads and writes: requests of an address in a fixed window. */
export const addressCounterKey = (address: string) => `limit:${address}`;
export const rateLogKey = (scope: string, key: string) => `limit:log:${scope}:${key}`;
export const placesKey = (scope: string, key: string) => `limit:places:${scope}:${key}`;
export const lockOutKey = (address: string) => `lockout:${address}`;
export const seenRequestKey = (requestId: string) => `limit:seen:${requestId}`;

/** Scopes of model calls that are closed for now, scored by the end of their closing. Lives as long as the last closing. */
export const closedModelsKey = 'gemini:closed';

/** Actions of operators that wait for Postgres; a stream of its own, so that no version's drain of statistics meets them. */
export const auditKey = 'audit:actions';

/** Tells the replicas of each new closing. */
export const closedModelsChannel = 'gemini:closed';

/** Model calls made by all replicas within the current minute. */
export const modelBudgetKey = 'gemini:budget';

/** Tokens that models took and gave on a day of Berlin's calendar; kept for two, so that calls over midnight settle. */
export const spentTokensKey = (day: string) => `model:tokens:${day}`;
export const spentTokensTtlSeconds = 172_800;

/** Keys that carry an identity, which never appears in them as it is. */
export function createKeys(hashIdentity: HashIdentity) {
  const user = (userId: string) => hashIdentity(`user:${userId}`);
  const session = (key: SessionKey) => `session:${user(key.userId)}:${key.sessionId}`;
  const caller = (key: SessionKey) => hashIdentity(`${key.userId}\n${key.sessionId}`);
  return {
    /** What the names of a user's keys hold. */
    userName: user,
    /** What the names of a session's claims hold. */
    callerName: caller,
    sessionMeta: (key: SessionKey) => `${session(key)}:meta`,
    sessionTurns: (key: SessionKey) => `${session(key)}:turns`,
    /** Marks a session that was ended, so that an answer still under way does not revive it. */
    sessionEnded: (key: SessionKey) => `${session(key)}:ended`,
    /** Claims and replies of a session, for erasure. */
    sessionRequests: (key: SessionKey) => `${session(key)}:requests`,
    agreedSession: (purpose: string) => `session:agreed:${hashIdentity(purpose)}`,
    /** Ids of the sessions that anything is held of, scored by when it was last made. */
    userSessions: (userId: string) => `user:${user(userId)}:sessions`,
    /** Tombstone: of these claims nothing is written any more, so that no answer under way brings back what was erased. */
    erased: (userId: string, sessionId = '') => `erased:${caller({ userId, sessionId })}`,
    request: (claim: ClaimKey) => `request:${caller(claim)}:${claim.key}`,
    /** Leads from the request id of a claim under an Idempotency-Key to that key. */
    requestAlias: (claim: ClaimKey) => `request-alias:${caller(claim)}:${claim.key}`,
  };
}
export type Keys = ReturnType<typeof createKeys>;

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
