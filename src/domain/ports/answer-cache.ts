import type { ChatAnswer } from '../chat/chat-answer.ts';

/** Answers to first questions, shared by all replicas. Entries are written by ChatStore.close, with the turn. */
export interface AnswerCache {
  find(key: string): Promise<ChatAnswer | undefined>;
  /** True when the caller may generate the answer for `key`; false while another one does. The right ends after `leaseMs`. */
  acquire(key: string, owner: string, leaseMs: number): Promise<boolean>;
  release(key: string, owner: string): Promise<void>;
}

/** Query embeddings, shared by all replicas. */
export interface EmbeddingCache {
  find(key: string): Promise<number[] | undefined>;
  save(key: string, embedding: readonly number[]): Promise<void>;
}
