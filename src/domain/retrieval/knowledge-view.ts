import type { Campus } from '../audience.ts';
import { type KnowledgeEntry, type KnowledgeVersion, listWordings } from '../knowledge/knowledge-entry.ts';
import type { KnowledgeSnapshot } from '../knowledge/knowledge-store.ts';
import { readQuestion } from '../language/normalize-text.ts';
import type { Vocabulary } from '../language/vocabulary.ts';
import { createKeywordIndex, type KeywordIndex } from './keyword-index.ts';
import { createQueryInterpreter, type QueryInterpreter } from './query-interpretation.ts';

/** One knowledge version, ready to be searched. Immutable: a replica swaps it whole when another goes live. */
export interface KnowledgeView {
  readonly version: KnowledgeVersion;
  readonly entries: ReadonlyMap<string, KnowledgeEntry>;
  readonly vocabulary: Vocabulary;
  readonly keywordIndex: KeywordIndex;
  readonly queryInterpreter: QueryInterpreter;
  /** Campuses that an entry holds for, by entry id; empty for every campus. */
  readonly campuses: ReadonlyMap<string, readonly Campus[]>;
  /** Entries by the questions and phrasings stored with them, as `toPhrasing` reads them. */
  readonly phrasings: ReadonlyMap<string, ReadonlySet<string>>;
}

/** An entry that names no campus as metadata often does in its question: "Where can I park in Garching?" */
const resolveCampuses = (vocabulary: Vocabulary, entry: KnowledgeEntry): readonly Campus[] =>
  entry.campuses.length > 0 ? entry.campuses : vocabulary.findCampuses(`${entry.category} ${entry.question}`);

/** A question as it is compared with stored ones: its words, without case and punctuation. */
export const toPhrasing = (question: string): string =>
  (
    readQuestion(question)
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  ).join(' ');

function collectPhrasings(entries: readonly KnowledgeEntry[]): Map<string, Set<string>> {
  const phrasings = new Map<string, Set<string>>();
  for (const entry of entries) {
    const questions = listWordings(entry).map(({ question }) => question);
    for (const phrasing of [...questions, ...entry.alternatives].map(toPhrasing)) {
      phrasings.set(phrasing, (phrasings.get(phrasing) ?? new Set()).add(entry.id));
    }
  }
  return phrasings;
}

/** @param knownWords Correct words that are never taken for misspelt, e.g. the vocabulary of the encoder. */
export function createKnowledgeView(
  { version, entries }: KnowledgeSnapshot,
  vocabulary: Vocabulary,
  knownWords?: ReadonlySet<string>,
): KnowledgeView {
  const keywordIndex = createKeywordIndex(entries, vocabulary);
  return {
    version,
    entries: new Map(entries.map((entry) => [entry.id, entry])),
    vocabulary,
    keywordIndex,
    queryInterpreter: createQueryInterpreter(keywordIndex, vocabulary, knownWords),
    phrasings: collectPhrasings(entries),
    campuses: new Map(entries.map((entry) => [entry.id, resolveCampuses(vocabulary, entry)])),
  };
}
