import type { Language } from '../audience.ts';
import type { InstitutionWords } from '../institution.ts';
import type { AudienceDetection } from './detect-audience.ts';
import type { GermanGlossary } from './german-glossary.ts';
import { tokenize } from './tokenize.ts';

const germanLetters = /[äöüß]/;
const germanEndings = /(?:ung|ungen|heit|keit|lich|schaft|tät|taet|zeiten|ausweis|karte|dienst|straße)$/;
const englishEndings = /(?:ing|tion|tions|ness|ally|ful)$/;

/** Language of a short text; `fallback` (English unless given) where nothing in it tells. */
export type DetectLanguage = (text: string, fallback?: Language) => Language;

export function createLanguageDetection(
  {
    stopWords,
    englishWords,
    glossary: translations,
    synonyms,
  }: Pick<InstitutionWords, 'stopWords' | 'englishWords' | 'glossary' | 'synonyms'>,
  glossary: GermanGlossary,
  findCampuses: AudienceDetection['findCampuses'],
): DetectLanguage {
  /** What German has from English, or both alike: "laptop", "visa". They tell nothing. */
  const loanwords = new Set([...translations.flatMap(({ english }) => english.flat()), ...synonyms.flat()]);

  /** Positive for German, negative for English, 0 for a word of either. */
  function weighWord(word: string): number {
    const german = stopWords.de.has(word);
    const english = stopWords.en.has(word) || englishWords.has(word);
    if (german !== english) return german ? 2 : -2;
    if (german) return 0;
    if (germanLetters.test(word)) return 2;
    if (loanwords.has(word)) return 0;
    if (germanEndings.test(word) || glossary.isListed(word)) return 1;
    // A place such as Garching is called the same in both.
    return englishEndings.test(word) && findCampuses(word).length === 0 ? -1 : 0;
  }

  return (text, fallback = 'en') => {
    const weight = tokenize(text).reduce((sum, word) => sum + weighWord(word), 0);
    if (weight === 0) return fallback;
    return weight > 0 ? 'de' : 'en';
  };
}
