import type { Campus, Language, Role } from '../audience.ts';

/** One question with its answer, as the operators' knowledge base holds it. */
export interface KnowledgeEntry {
  id: string;
  question: string;
  answer: string;
  category: string;
  /** Whom it holds for; empty means everyone. */
  roles: readonly Role[];
  /** Where it holds; empty means every campus. */
  campuses: readonly Campus[];
  keywords: readonly string[];
  /** Other phrasings of the question, searched too. */
  alternatives: readonly string[];
  url: string | null;
  language: Language;
}

/** One published state of the knowledge base. Versions count up from 1 and are never reused. */
export interface KnowledgeVersion {
  version: number;
  /** Model that made the embeddings of this version, e.g. `gemini-embedding-001` or `local`. */
  embeddingModel: string;
  dimension: number;
  entryCount: number;
  createdAt: Date;
}

/**
 * Text that represents an entry in the vector index, a phrasing a line, the answer last. Question and answer together
 * beat the question alone.
 */
export function entryEmbeddingText(entry: KnowledgeEntry): string {
  const texts = [entry.question, ...entry.alternatives, entry.answer];
  return texts.map((text) => text.replace(/\s*\n\s*/g, ' ')).join('\n');
}
