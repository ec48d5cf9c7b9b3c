import type { Language } from '../audience.ts';
import { isListedGerman } from './german-glossary.ts';
import { englishStopWords, germanStopWords } from './stop-words.ts';
import { tokenize } from './tokenize.ts';

const germanLetters = /[äöüß]/;
const germanEndings = /(?:ung|ungen|heit|keit|lich|schaft|tät|taet|zeiten|ausweis|karte|dienst|straße)$/;
const englishEndings = /(?:(?<!garch)ing|tion|tions|ness|ally|ful)$/;
/** Common words of questions, which weigh like function words although they say something. */
const englishWords = new Set([
  'opening',
  'hours',
  'student',
  'students',
  'library',
  'where',
  'open',
  'campus',
]);

/** Positive for German, negative for English, 0 for a word of either. */
function weighWord(word: string): number {
  const german = germanStopWords.has(word);
  const english = englishStopWords.has(word) || englishWords.has(word);
  if (german !== english) return german ? 2 : -2;
  if (german) return 0;
  if (germanLetters.test(word)) return 2;
  if (germanEndings.test(word) || isListedGerman(word)) return 1;
  return englishEndings.test(word) ? -1 : 0;
}

/** Language of a short text; `fallback` where nothing in it tells (names, numbers, words of both). */
export function detectLanguage(text: string, fallback: Language = 'en'): Language {
  const weight = tokenize(text).reduce((sum, word) => sum + weighWord(word), 0);
  if (weight === 0) return fallback;
  return weight > 0 ? 'de' : 'en';
}
