import type { InstitutionWords } from '../institution.ts';
import type { DetectLanguage } from './detect-language.ts';
import type { GermanGlossary } from './german-glossary.ts';
import { readQuestion } from './normalize-text.ts';
import type { Rephrase } from './rephrase.ts';
import { tokenize } from './tokenize.ts';

export interface EnglishText {
  /** English for a lower-case German function word; empty where English needs none. */
  translateFunctionWord(word: string): string;
  /** A correctly spelt text in English, word by word: enough for an encoder that knows English only. */
  toEnglishText(text: string): string;
}

export interface EnglishTextDependencies {
  words: Pick<InstitutionWords, 'stopWords' | 'functionWords'>;
  glossary: GermanGlossary;
  detectLanguage: DetectLanguage;
  rephrase: Rephrase;
}

/** Keeps everything else as typed: the encoder is cased. */
export const replaceWords = (text: string, replacements: ReadonlyMap<string, string>): string =>
  text
    .replace(/[\p{L}\p{N}]+/gu, (word) => replacements.get(word.toLowerCase()) ?? word)
    .replace(/\s+/g, ' ')
    .trim();

export function createEnglishText({
  words,
  glossary,
  detectLanguage,
  rephrase,
}: EnglishTextDependencies): EnglishText {
  const translateFunctionWord = (word: string) => words.functionWords.get(word) ?? '';
  return {
    translateFunctionWord,
    toEnglishText(text) {
      if (detectLanguage(text) !== 'de') return text;
      const german = rephrase(readQuestion(text), 'de');
      const english = new Map<string, string>();
      for (const word of new Set(tokenize(german))) {
        const translation = words.stopWords.de.has(word)
          ? translateFunctionWord(word)
          : glossary
              .translate(word)
              ?.map(([first]) => first)
              .join(' ');
        if (translation !== undefined) english.set(word, translation);
      }
      return replaceWords(german, english);
    },
  };
}
