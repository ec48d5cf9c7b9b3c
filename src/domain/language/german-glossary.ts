import type { InstitutionWords } from '../institution.ts';
import { stemGerman } from './stem.ts';

/** Words of an English phrase in order; each with its alternatives, the commonest first. */
export type Translation = readonly (readonly string[])[];

const shortestFirstPart = 3;
const shortestLastPart = 4;
/** Shorter ones are mostly the prefix of a verb, whose meaning its parts do not tell: `ausmachen`, `hinstellen`. */
const shortestUnlistedPart = 6;
/** Letters that German puts between the parts of a compound. */
const linkingElements = /(?:es|en|er|s|n|e)$/;

export interface GermanGlossary {
  /** English for a lower-case German word or compound; undefined when no part of it is listed. */
  translate(word: string): Translation | undefined;
  /** True for a listed word in any inflection, but not for compounds of listed words. */
  isListed(word: string): boolean;
  /** Every German word that is listed, lower case, as written in the list. */
  readonly words: readonly string[];
}

export function createGermanGlossary(entries: InstitutionWords['glossary']): GermanGlossary {
  const translationsByStem = new Map<string, Translation>();
  for (const { german, english } of entries) {
    for (const stem of german.map(stemGerman)) {
      if (!translationsByStem.has(stem)) translationsByStem.set(stem, english);
    }
  }

  const findListed = (word: string): Translation | undefined => translationsByStem.get(stemGerman(word));

  const findFirstPart = (part: string): Translation | undefined =>
    findListed(part) ?? findListed(part.replace(linkingElements, ''));

  /**
   * Splits off the longest listed last part, as the last part carries a German compound's meaning. The rest is split
   * further, or stays as it is: `fitnessraum` is a room even when nobody listed the word before it.
   */
  function translateCompound(word: string): Translation | undefined {
    let fallback: Translation | undefined;
    for (let at = shortestFirstPart; at <= word.length - shortestLastPart; at += 1) {
      const last = findListed(word.slice(at));
      if (last === undefined) continue;
      const rest = word.slice(0, at);
      const first = findFirstPart(rest) ?? translateCompound(rest);
      if (first !== undefined) return [...first, ...last];
      if (rest.length >= shortestUnlistedPart) fallback ??= [[rest], ...last];
    }
    return fallback;
  }

  return {
    translate: (word) => findListed(word) ?? translateCompound(word),
    isListed: (word) => findListed(word) !== undefined,
    words: entries.flatMap(({ german }) => german),
  };
}
