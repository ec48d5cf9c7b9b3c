import type { Language } from '../audience.ts';
import type { Phrase } from '../institution.ts';

/**
 * Puts phrases whose words mislead one by one into the words of a knowledge base, and joins what German takes apart
 * ("ich lade ... hoch").
 */
export type Rephrase = (text: string, language: Language) => string;

export function createRephrasing(phrases: Readonly<Record<Language, readonly Phrase[]>>): Rephrase {
  const everywhere = ([pattern, replacement]: Phrase): Phrase => [
    new RegExp(pattern.source, `${pattern.flags}g`),
    replacement,
  ];
  const byLanguage = { en: phrases.en.map(everywhere), de: phrases.de.map(everywhere) };
  return (text, language) =>
    byLanguage[language].reduce(
      (current, [pattern, replacement]) => current.replace(pattern, replacement),
      text,
    );
}
