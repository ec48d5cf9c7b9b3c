import type { Language } from '../audience.ts';
import { replaceWords } from '../language/english-text.ts';
import { readQuestion } from '../language/normalize-text.ts';
import { createSpelling, type Spelling } from '../language/spelling.ts';
import { stemEnglish, stemGerman } from '../language/stem.ts';
import { tokenize } from '../language/tokenize.ts';
import type { Vocabulary } from '../language/vocabulary.ts';
import type { KeywordIndex, QueryConcept } from './keyword-index.ts';

export interface InterpretedQuery {
  language: Language;
  concepts: QueryConcept[];
  /** The query in English with its spelling repaired: what an encoder needs that knows English only. */
  englishText: string;
}

export interface QueryInterpreter {
  interpret(text: string, weight?: number): InterpretedQuery;
}

/** What one word of the query became. */
interface ReadWord {
  /** English for the encoder; the word itself where nothing better is known. */
  english: string;
  /** One per thing that is asked for; a compound gives several, a function word none. */
  concepts: ReadonlyMap<string, number>[];
}

const synonymWeight = 0.6;
const prefixWeight = 0.5;
const shortestPrefix = 4;
const mostPrefixStems = 5;
/** A campus already decides by the audience which entries are preferred; as a word it must not outweigh the subject. */
const campusWeight = 0.4;
/** Of words that questions on different subjects share. */
const genericWeight = 0.5;

const addStem = (stems: Map<string, number>, stem: string, weight: number): void => {
  stems.set(stem, Math.max(stems.get(stem) ?? 0, weight));
};

/**
 * Reads queries in English or German against one keyword index: what is asked for, in the words that the entries use.
 *
 * @param knownWords Correct words that the entries need not contain; they are never taken for misspelt.
 */
export function createQueryInterpreter(
  index: KeywordIndex,
  vocabulary: Vocabulary,
  knownWords: ReadonlySet<string> = new Set(),
): QueryInterpreter {
  const { detectLanguage, glossary, stopWords, rephrase } = vocabulary;
  const englishSpelling = createSpelling(index.words);
  const germanSpelling = createSpelling(
    new Map([...glossary.words.map((word) => [word, 1] as const), ...index.words]),
  );

  const knownStems = new Set([...knownWords].map(stemEnglish));
  const isCorrect = (word: string): boolean => knownStems.has(stemEnglish(word));

  const weighConcept = (word: string, stems: ReadonlyMap<string, number>): number => {
    if (vocabulary.findCampuses(word).length > 0) return campusWeight;
    const [first] = stems.keys();
    return first !== undefined && vocabulary.isGenericStem(first) ? genericWeight : 1;
  };

  const findLiteralStems = (word: string): string[] =>
    [...new Set([stemEnglish(word), stemGerman(word)])].filter(index.hasStem);

  const withSynonyms = (words: readonly string[], literal: readonly string[] = []): Map<string, number> => {
    const stems = new Map<string, number>();
    for (const stem of [...words.map(stemEnglish), ...literal]) addStem(stems, stem, 1);
    for (const stem of [...stems.keys()]) {
      for (const synonym of vocabulary.findSynonyms(stem)) addStem(stems, synonym, synonymWeight);
    }
    return stems;
  };

  const isKnown = (stems: ReadonlyMap<string, number>): boolean => [...stems.keys()].some(index.hasStem);

  function readTranslated(word: string, literal: readonly string[]): ReadWord | undefined {
    const translation = glossary.translate(word);
    if (translation === undefined) return undefined;
    return {
      english: translation.map(([first]) => first).join(' '),
      concepts: translation.map((alternatives) => withSynonyms(alternatives, literal)),
    };
  }

  function readByPrefix(word: string): ReadWord {
    const stem = stemEnglish(word);
    const stems = word.length < shortestPrefix ? [] : index.findStemsByPrefix(stem);
    const concept = new Map(stems.slice(0, mostPrefixStems).map((found) => [found, prefixWeight]));
    return { english: word, concepts: [concept.size > 0 ? concept : new Map([[stem, 1]])] };
  }

  function readKnown(word: string, language: Language): ReadWord | undefined {
    const literal = findLiteralStems(word);
    if (language === 'de' || literal.length === 0) {
      const translated = readTranslated(word, literal);
      if (translated !== undefined) return translated;
    }
    const concept = withSynonyms(literal.length > 0 ? literal : [word], literal);
    return isKnown(concept) ? { english: word, concepts: [concept] } : undefined;
  }

  function readWord(word: string, language: Language, spelling: Spelling): ReadWord {
    const known = readKnown(word, language);
    if (known !== undefined) return known;
    const nearest = isCorrect(word) ? undefined : spelling.findNearest(word);
    return (nearest === undefined ? undefined : readKnown(nearest, language)) ?? readByPrefix(word);
  }

  return {
    interpret(question, weight = 1) {
      const query = readQuestion(question);
      const language = detectLanguage(query);
      const text = language === 'de' ? rephrase(query, 'de') : query;
      const spelling = language === 'de' ? germanSpelling : englishSpelling;
      const concepts = new Map<string, QueryConcept>();
      const english = new Map<string, string>();
      for (const word of new Set(tokenize(language === 'en' ? rephrase(text, 'en') : text))) {
        if (stopWords[language].has(word)) {
          if (language === 'de') english.set(word, vocabulary.translateFunctionWord(word));
          continue;
        }
        const read = readWord(word, language, spelling);
        if (read.english !== word) english.set(word, read.english);
        for (const stems of read.concepts) {
          concepts.set([...stems.keys()].join(' '), { stems, weight: weight * weighConcept(word, stems) });
        }
      }
      return {
        language,
        concepts: [...concepts.values()],
        englishText: replaceWords(text, english),
      };
    },
  };
}
