import type { InstitutionWords } from '../institution.ts';
import { stemEnglish, stemGerman } from './stem.ts';

/** Whether a stem, English or German, is of a word that questions about very different subjects share. */
export type IsGenericStem = (stem: string) => boolean;

export function createGenericWords(words: InstitutionWords['genericWords']): IsGenericStem {
  const stems: ReadonlySet<string> = new Set([...words.en.map(stemEnglish), ...words.de.map(stemGerman)]);
  return (stem) => stems.has(stem);
}
