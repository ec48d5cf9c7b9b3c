import type { Campus, Language, Role } from '../audience.ts';

/** One question with its answer, as the operators' knowledge base holds it. */
export interface KnowledgeEntry {
  id: string;
  /** In `language`, as the answer. */
  question: string;
  answer: string;
  /** The same in German: both or none, and only of an entry whose language is English. */
  questionDe?: string;
  answerDe?: string;
  category: string;
  /** Whom it holds for; empty means everyone. */
  roles: readonly Role[];
  /** Where it holds; empty means every campus. */
  campuses: readonly Campus[];
  keywords: readonly string[];
  /** Other phrasings of the question, in either language, searched too. */
  alternatives: readonly string[];
  url: string | null;
  language: Language;
  /** Day (`2026-11-25`) on which a person last compared it with its source. */
  verifiedAt?: string;
  /** Last day (`2027-03-31`) on which it holds. */
  validUntil?: string;
}

export interface EntryWording {
  question: string;
  answer: string;
  language: Language;
}

/** An entry's words in a language, or in its own where it has none in that one. */
export function findWording(entry: KnowledgeEntry, language: Language): EntryWording {
  const { question, answer, questionDe, answerDe } = entry;
  return language === 'de' && questionDe !== undefined && answerDe !== undefined
    ? { question: questionDe, answer: answerDe, language }
    : { question, answer, language: entry.language };
}

/** An entry's words in every language that it has. */
export function listWordings(entry: KnowledgeEntry): EntryWording[] {
  const { question, answer, language } = entry;
  const german = findWording(entry, 'de');
  return [{ question, answer, language }, ...(german.language === language ? [] : [german])];
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
 * Text that represents an entry in the vector index, a phrasing a line, the answer last: question and answer together
 * beat the question alone. The entry's German wording is left out: a multilingual model sees the same in it once more,
 * the English one would read it word by word in translation, which moves an entry away from English questions.
 */
export function entryEmbeddingText({ question, alternatives, answer }: KnowledgeEntry): string {
  return [question, ...alternatives, answer].map((text) => text.replace(/\s*\n\s*/g, ' ')).join('\n');
}
