import type { Language } from '../audience.ts';
import type { Phrase } from '../institution.ts';
import { readQuestion } from './normalize-text.ts';

/**
 * Puts phrases whose words mislead one by one into the words of a knowledge base, and joins what German takes apart
 * ("ich lade ... hoch").
 */
export type Rephrase = (text: string, language: Language) => string;

const everywhere = (pattern: RegExp) => new RegExp(pattern.source, `${pattern.flags}g`);

/** Where the last match begins. A lookahead behind each phrase would read the rest of the text again and again. */
function findLast(text: string, pattern: RegExp): number {
  let last = -1;
  for (const { index } of text.matchAll(pattern)) last = index;
  return last;
}

function replacePhrase(text: string, [pattern, replacement, follows]: Phrase): string {
  if (follows === undefined) return text.replace(pattern, replacement);
  const lastAt = findLast(text, follows);
  let rephrased = '';
  let readTo = 0;
  for (const { index, 0: phrase } of text.matchAll(pattern)) {
    const end = index + phrase.length;
    if (end > lastAt) break;
    rephrased += text.slice(readTo, index) + replacement;
    readTo = end;
  }
  return rephrased + text.slice(readTo);
}

export function createRephrasing(phrases: Readonly<Record<Language, readonly Phrase[]>>): Rephrase {
  const prepare = ([pattern, replacement, follows]: Phrase): Phrase => [
    everywhere(pattern),
    replacement,
    follows && everywhere(follows),
  ];
  const byLanguage = { en: phrases.en.map(prepare), de: phrases.de.map(prepare) };
  return (text, language) => byLanguage[language].reduce(replacePhrase, readQuestion(text));
}
