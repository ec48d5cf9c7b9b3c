import type { SessionKey } from '../sessions/session-store.ts';
import type { StoredChatRequest } from './chat-answer.ts';

/** A validated question of one caller; the message has 1 to 1000 characters. */
export interface ChatRequest extends StoredChatRequest {
  /** Id of this try; nginx gives all its tries of a request the same. */
  requestId: string;
  /** The caller's own key for safe retries. */
  idempotencyKey?: string | undefined;
  caller: SessionKey;
  /** False where the question is not kept with its claim: a retry brings it again, and nobody resumes without it. */
  isKept: boolean;
  /** As our nginx saw it, IPv6 as its /64; undefined when an answer is taken over without its client. */
  clientAddress?: string | undefined;
}

/** How the caller listens: a stream may be left and resumed, a plain reply may not. */
export type Transport = 'json' | 'stream';
