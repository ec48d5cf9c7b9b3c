import MiniSearch from 'minisearch';
import type { Language } from '../audience.ts';

import { type KnowledgeEntry, listWordings } from '../knowledge/knowledge-entry.ts';

import { stemEnglish, stemGerman } from '../language/stem.ts';
import { tokenize } from '../language/tokenize.ts';
import type { Vocabulary } from '../language/vocabulary.ts';

/**
 * One thing that a query asks for: ways to say it, as index stems with the weight of a match (1: the very word).
 * An entry scores the best way only, so that synonyms and translations do not add up.
 */
export interface QueryConcept {
  stems: ReadonlyMap<string, number>;
  /** Share of this concept in the query; 1 unless it was carried over from an earlier question. */
  weight: number;
}

export interface KeywordIndex {
  /**
   * Matching entries with their BM25 score as a share of what a full match gets: about 1 for an entry that is asked
   * with its own question, above 1 where every field says it.
   */
  search(concepts: readonly QueryConcept[]): ReadonlyMap<string, number>;
  hasStem(stem: string): boolean;
  /** Index stems that begin with these letters. */
  findStemsByPrefix(prefix: string): string[];
  /** Words of the entries as written (lower case), with the number of entries that have them. */
  readonly words: ReadonlyMap<string, number>;
}

interface IndexedTexts {
  id: string;
  question: string;
  alternatives: string;
  keywords: string;
  answer: string;
  category: string;
}

const fields = ['question', 'alternatives', 'keywords', 'answer', 'category'] as const;
/** Tuned on paraphrased questions; each may be halved or doubled without moving recall by more than a point. */
const boost = { question: 2.5, alternatives: 2, keywords: 2, answer: 1.6, category: 0.5 };
/** MiniSearch's BM25+ with less reward for repetition and more for short fields than its defaults. */
const bm25 = { k: 1.2, b: 0.6, d: 0.3 };
const calibrationSampleSize = 300;

/** Splits the texts of entries into the stems of their content words. */
function createStemming({ stopWords, detectLanguage }: Vocabulary) {
  const toContentWords = (text: string, language: Language): string[] =>
    tokenize(text).filter((word) => !stopWords[language].has(word));

  const toStems = (text: string, language: Language): string[] =>
    toContentWords(text, language).map(language === 'de' ? stemGerman : stemEnglish);

  /** Keywords of English entries are often German words as well: each is indexed as a word of either language. */
  const toBilingualStems = (text: string): string[] =>
    toContentWords(text, detectLanguage(text)).flatMap((word) => [
      ...new Set([stemEnglish(word), stemGerman(word)]),
    ]);

  function toIndexedTexts(entry: KnowledgeEntry): IndexedTexts {
    const stem = (text: string, language: Language) => toStems(text, language).join(' ');
    const wordings = listWordings(entry);
    return {
      id: entry.id,
      question: wordings.map(({ question, language }) => stem(question, language)).join(' '),
      alternatives: entry.alternatives
        .map((text) => stem(text, detectLanguage(text, entry.language)))
        .join(' '),
      keywords: entry.keywords.flatMap(toBilingualStems).join(' '),
      answer: wordings.map(({ answer, language }) => stem(answer, language)).join(' '),
      category: stem(entry.category, entry.language),
    };
  }

  return { toStems, toIndexedTexts };
}

function countEntries(lists: Iterable<Iterable<string>>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const list of lists) {
    for (const item of new Set(list)) counts.set(item, (counts.get(item) ?? 0) + 1);
  }
  return counts;
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 1;
}

const toWords = (entry: KnowledgeEntry): string[] =>
  tokenize(
    [
      ...listWordings(entry).flatMap(({ question, answer }) => [question, answer]),
      ...entry.alternatives,
      ...entry.keywords,
      entry.category,
    ].join(' '),
  ).filter((word) => /\p{L}/u.test(word));

const splitAtSpaces = (text: string): string[] => text.split(' ').filter((stem) => stem !== '');

/** BM25 over stems, built once per knowledge version and read-only from then on. */
export function createKeywordIndex(entries: readonly KnowledgeEntry[], vocabulary: Vocabulary): KeywordIndex {
  const { toStems, toIndexedTexts } = createStemming(vocabulary);
  const index = new MiniSearch<IndexedTexts>({
    fields: [...fields],
    tokenize: splitAtSpaces,
    processTerm: (stem) => stem,
    searchOptions: { boost, bm25, tokenize: (stem) => [stem] },
  });
  const texts = entries.map(toIndexedTexts);
  index.addAll(texts);
  const entryCounts = countEntries(
    texts.map((text) => fields.flatMap((field) => splitAtSpaces(text[field]))),
  );
  const words = countEntries(entries.map(toWords));
  const stems = [...entryCounts.keys()].toSorted();

  const toIdf = (count: number) => Math.log(1 + (entries.length - count + 0.5) / (count + 0.5));
  const unknownIdf = toIdf(0);

  /** How rare the concept's own words are; synonyms count only when the index knows none of them. */
  const measureConcept = (concept: QueryConcept): number => {
    const known = [...concept.stems].filter(([stem]) => entryCounts.has(stem));
    const strongest = Math.max(0, ...known.map(([, weight]) => weight));
    if (strongest === 0) return unknownIdf * concept.weight;
    const idfs = known
      .filter(([, weight]) => weight === strongest)
      .map(([stem]) => toIdf(entryCounts.get(stem) ?? 0));
    return (idfs.reduce((sum, idf) => sum + idf, 0) / idfs.length) * concept.weight;
  };

  const scoreConcept = (concept: QueryConcept): Map<string, number> => {
    const best = new Map<string, number>();
    for (const [stem, weight] of concept.stems) {
      if (!entryCounts.has(stem)) continue;
      for (const { id, score } of index.search(stem)) {
        best.set(id, Math.max(best.get(id) ?? 0, score * weight * concept.weight));
      }
    }
    return best;
  };

  /** Years, amounts and ids find entries that hold them, but no question is about them: "semester fee 2026". */
  const isSubject = ({ stems: own }: QueryConcept) => ![...own.keys()].every((stem) => /\p{N}/u.test(stem));

  /** Scores per unit of the query's idf mass. */
  const searchUncalibrated = (concepts: readonly QueryConcept[]): Map<string, number> => {
    const mass = concepts.filter(isSubject).reduce((sum, concept) => sum + measureConcept(concept), 0);
    const scores = new Map<string, number>();
    if (mass === 0) return scores;
    for (const concept of concepts) {
      for (const [id, score] of scoreConcept(concept)) scores.set(id, (scores.get(id) ?? 0) + score / mass);
    }
    return scores;
  };

  const measureOwnQuestion = (entry: KnowledgeEntry): number => {
    const own = [...new Set(toStems(entry.question, entry.language))];
    const concepts = own.map((stem) => ({ stems: new Map([[stem, 1]]), weight: 1 }));
    return searchUncalibrated(concepts).get(entry.id) ?? 0;
  };

  const sampleStep = Math.max(1, Math.ceil(entries.length / calibrationSampleSize));
  const calibration =
    median(entries.filter((_, position) => position % sampleStep === 0).map(measureOwnQuestion)) || 1;

  return {
    words,
    hasStem: (stem) => entryCounts.has(stem),
    findStemsByPrefix: (prefix) => stems.filter((stem) => stem.startsWith(prefix)),
    search(concepts) {
      const scores = new Map<string, number>();
      for (const [id, score] of searchUncalibrated(concepts)) scores.set(id, score / calibration);
      return scores;
    },
  };
}
