import { detectLanguage } from './detect-language.ts';
import { translateGerman } from './german-glossary.ts';
import { rephraseGerman } from './rephrase.ts';
import { germanStopWords } from './stop-words.ts';
import { tokenize } from './tokenize.ts';

/** English function words that an encoder should see when German is put into English; the others fall away. */
const functionWords: ReadonlyMap<string, string> = new Map(
  Object.entries({
    wo: 'where',
    wohin: 'where',
    wann: 'when',
    wie: 'how',
    wer: 'who',
    was: 'what',
    warum: 'why',
    wieso: 'why',
    welche: 'which',
    welcher: 'which',
    welches: 'which',
    ich: 'I',
    mein: 'my',
    meine: 'my',
    meinen: 'my',
    meiner: 'my',
    kann: 'can',
    muss: 'must',
    darf: 'may',
    ist: 'is',
    sind: 'are',
    für: 'for',
    ohne: 'without',
    nicht: 'not',
    und: 'and',
    oder: 'or',
    mit: 'with',
    im: 'in',
    in: 'in',
    am: 'at',
    an: 'at',
    tum: 'TUM',
  }),
);

/** English for a lower-case German function word; empty where English needs none. */
export const translateFunctionWord = (word: string): string => functionWords.get(word) ?? '';

/** Keeps everything else as typed: the encoder is cased. */
export const replaceWords = (text: string, replacements: ReadonlyMap<string, string>): string =>
  text
    .replace(/[\p{L}\p{N}]+/gu, (word) => replacements.get(word.toLowerCase()) ?? word)
    .replace(/\s+/g, ' ')
    .trim();

/** A correctly spelt text in English, word by word: enough for an encoder that knows English only. */
export function toEnglishText(text: string): string {
  if (detectLanguage(text) !== 'de') return text;
  const german = rephraseGerman(text);
  const english = new Map<string, string>();
  for (const word of tokenize(german)) {
    const translation = germanStopWords.has(word)
      ? translateFunctionWord(word)
      : translateGerman(word)
          ?.map(([first]) => first)
          .join(' ');
    if (translation !== undefined) english.set(word, translation);
  }
  return replaceWords(german, english);
}
