import type { InstitutionWords } from '../institution.ts';
import { foldUmlauts, stemGerman } from './stem.ts';
import { longestWord } from './tokenize.ts';

/** Words of an English phrase in order; each with its alternatives, the commonest first. */
export type Translation = readonly (readonly string[])[];

const shortestFirstPart = 3;
const shortestLastPart = 4;
/** Shorter ones are mostly the prefix of a verb, whose meaning its parts do not tell: `ausmachen`, `hinstellen`. */
const shortestUnlistedPart = 6;
/** Letters that German puts between the parts of a compound. */
const linkingElements = /(?:es|en|er|s|n|e)$/;
/** Letters that endings, which a stem is without, and the spelling of umlauts add to a word. */
const mostEndingLetters = 8;
/** Letters with which words begin that no ending changes. */
const openingLetters = 3;
/** Twice as many as typed: `ue` is one letter. */
const toOpening = (word: string): string =>
  foldUmlauts(word.slice(0, 2 * openingLetters)).slice(0, openingLetters);

export interface GermanGlossary {
  /** English for a lower-case German word or compound of at most 60 letters; undefined when no part of it is listed. */
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

  const stems = [...translationsByStem.keys()];
  const longestListed = Math.max(0, ...stems.map(({ length }) => length)) + mostEndingLetters;
  const openings = new Set(stems.map((stem) => stem.slice(0, openingLetters)));

  /** A stem takes long to find, and most parts of a word begin like no listed one. */
  const findListed = (word: string): Translation | undefined =>
    word.length <= longestListed && openings.has(toOpening(word))
      ? translationsByStem.get(stemGerman(word))
      : undefined;

  const findFirstPart = (part: string): Translation | undefined =>
    findListed(part) ?? findListed(part.replace(linkingElements, ''));

  /**
   * Splits off the longest listed last part, as the last part carries a German compound's meaning. The rest is split
   * further, or stays as it is: `fitnessraum` is a room even when nobody listed the word before it.
   *
   * @param readings What the beginnings of this word were found to mean, by length, so that none is split twice.
   */
  function translateCompound(
    word: string,
    readings = new Map<number, Translation | undefined>(),
  ): Translation | undefined {
    if (!readings.has(word.length)) readings.set(word.length, splitCompound(word, readings));
    return readings.get(word.length);
  }

  function splitCompound(
    word: string,
    readings: Map<number, Translation | undefined>,
  ): Translation | undefined {
    let fallback: Translation | undefined;
    const earliest = Math.max(shortestFirstPart, word.length - longestListed);
    for (let at = earliest; at <= word.length - shortestLastPart; at += 1) {
      const last = findListed(word.slice(at));
      if (last === undefined) continue;
      const rest = word.slice(0, at);
      const first = findFirstPart(rest) ?? translateCompound(rest, readings);
      if (first !== undefined) return [...first, ...last];
      if (rest.length >= shortestUnlistedPart) fallback ??= [[rest], ...last];
    }
    return fallback;
  }

  return {
    translate: (word) =>
      word.length > longestWord ? undefined : (findListed(word) ?? translateCompound(word)),
    isListed: (word) => findListed(word) !== undefined,
    words: entries.flatMap(({ german }) => german),
  };
}
