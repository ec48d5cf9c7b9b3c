import type { Audience } from '../audience.ts';
import type { Session, SessionKey, Turn } from '../sessions/session-store.ts';
import type { StatisticsEvent } from '../statistics/statistics-event.ts';
import type { AnswerTicket } from './answer-cache.ts';
import type { ChatAnswer, StoredChatRequest } from './chat-answer.ts';

/** Identifies one request of one caller: request id, or the caller's Idempotency-Key. */
export interface ClaimKey extends SessionKey {
  key: string;
}

/**
 * State of a claim after `open`:
 * - `owned`: this caller generates now, under a lease; `requestId` and `at` are those of the first try.
 * - `following`: another replica holds a live lease and writes `generation`.
 * - `done`: finished; here is the result.
 * - `stopped`: the asker stopped it, or went away for good.
 * - `conflict`: the same key came with another body.
 * - `exhausted`: two replicas let its lease run out, one after the other; no third may stop at it.
 */
export type Claim =
  | { state: 'owned'; requestId: string; at: Date; generation: string; takeover: boolean }
  | { state: 'following'; requestId: string; generation: string }
  | { state: 'done'; requestId: string; generation: string; answer: ChatAnswer }
  | { state: 'stopped'; requestId: string }
  | { state: 'exhausted'; requestId: string }
  | { state: 'conflict' };

export interface OpenChat {
  claim: ClaimKey;
  /** Id of this request; the claim's id if this is its first try. */
  requestId: string;
  /** Proposed generation id, used if the claim becomes ours. */
  generation: string;
  bodyHash: string;
  /** How many of the newest turns to load. */
  historyTurns: number;
}

export interface OpenedChat {
  claim: Claim;
  session: Session | undefined;
  /** Newest turns, oldest first. */
  turns: Turn[];
}

/** What may be cached for a question. */
export interface CachedKeys {
  /** The question, once it is read: kept with its claim so that another replica can go on without the client's body. */
  kept?: { claim: ClaimKey; request: StoredChatRequest } | undefined;
  /** Key of the answer cache to look up, or to acquire for `owner`. */
  answerKey?: string | undefined;
  owner: string;
  embeddingKey?: string | undefined;
}

export interface CachedParts {
  /** For `answerKey`. */
  answerTicket: AnswerTicket | undefined;
  cachedEmbedding: number[] | undefined;
}

export interface CloseChat {
  claim: ClaimKey;
  requestId: string;
  generation: string;
  answer: ChatAnswer;
  /** Start of the session as `open` found it; an ended session is not revived. */
  sessionStartedAt: Date | undefined;
  /** Absent when nothing is to be remembered (no session, e.g. OpenAI clients). */
  turn?: Turn | undefined;
  audience: Audience;
  askedForAudience: boolean;
  event: StatisticsEvent | undefined;
  /** Stores the answer in the cache as well. */
  answerKey?: string | undefined;
}

export interface FoundClaim {
  /** The key that it is claimed under. */
  key: string;
  /** `following` while it is running, whoever holds the lease. */
  claim: Claim;
  leaseLive: boolean;
  /** Undefined where only the client has the question. */
  request: StoredChatRequest | undefined;
}

/** What a lease holder learns when it renews. */
export interface LeaseState {
  /** False once another replica took over; the holder must stop writing. */
  held: boolean;
  stopRequested: boolean;
  /** Milliseconds since a client last read this reply on another replica; undefined if none ever did. */
  lastReaderMs: number | undefined;
}

/**
 * The Redis side of one chat: one round trip opens it, one reads what is cached for it, one atomic step closes it.
 * Every method throws DependencyError `redis` when the store is out.
 */
export interface ChatStore {
  open(chat: OpenChat): Promise<OpenedChat>;
  /** What is cached for the question of an open chat. */
  findCached(keys: CachedKeys): Promise<CachedParts>;
  /**
   * Appends the turn, refreshes lives, adds the statistics event, caches the answer and marks the claim done:
   * all or nothing, and only once per claim. Returns false when another replica closed it first or owns it now.
   */
  close(chat: CloseChat): Promise<boolean>;
  renewLease(claim: ClaimKey, generation: string): Promise<LeaseState>;
  /** Moves a held claim to a new generation (text so far is void). False if the lease is no longer ours. */
  restart(claim: ClaimKey, from: string, to: string): Promise<boolean>;
  /** Gives up a held claim: `stopped` for good, or `released` for the next try to take over at once. */
  abandon(claim: ClaimKey, generation: string, how: 'stopped' | 'released'): Promise<void>;
  /** Looks at a claim without taking it; `key` may be the request id of a claim under an Idempotency-Key. */
  find(claim: ClaimKey): Promise<FoundClaim | undefined>;
  /** Notes that a client reads this reply from elsewhere, which keeps an orphaned generation going. */
  noteReader(claim: ClaimKey): Promise<void>;
  /** Asks the lease holder, wherever it is, to stop. False if nothing is running under that claim. */
  requestStop(claim: ClaimKey): Promise<boolean>;
  /** Calls back with the claim's name when a stop is requested anywhere; returns a function that ends the watch. */
  onStop(listener: (claimName: string) => void): () => void;
  /** Name of a claim as `onStop` gives it; carries no identity. */
  claimName(claim: ClaimKey): string;
}
