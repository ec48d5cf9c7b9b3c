import type { ChatAnswer } from './chat-answer.ts';

/**
 * What a caller may do about a question that others may be asking too:
 * `cached`: here is the answer. `acquired`: write it. `busy`: someone writes it, wait and ask again.
 * `uncacheable`: someone just wrote one that can't be shared; write your own.
 */
export type AnswerTicket =
  | { state: 'cached'; answer: ChatAnswer }
  | { state: 'acquired' | 'busy' | 'uncacheable' };

/** Answers to first questions, shared by all replicas. They are stored by ChatStore.close, with the turn. */
export interface AnswerCache {
  /** Looks the answer up, or takes the right to write it for 3 s. @throws DependencyError `redis`. */
  acquire(key: string, owner: string): Promise<AnswerTicket>;
  /** Extends the right, if it is this owner's. */
  renew(key: string, owner: string): Promise<void>;
  /** Gives the right back without an answer that could be shared: whoever waits writes its own. */
  giveUp(key: string, owner: string): Promise<void>;
}
