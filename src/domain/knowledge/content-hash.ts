import { createHash } from 'node:crypto';
import { entryEmbeddingText, type KnowledgeEntry } from './knowledge-entry.ts';

/** Same hash, same text for the embedding model, so the same vector. */
export const contentHash = (entry: KnowledgeEntry): string =>
  createHash('sha256').update(entryEmbeddingText(entry)).digest('hex');
