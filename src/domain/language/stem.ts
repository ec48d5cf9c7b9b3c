import { stemmer as porter2 } from '@orama/stemmers/english';
import { stemmer as snowballGerman } from '@orama/stemmers/german';
import { longestWord } from './tokenize.ts';

const withoutDiacritics = (word: string): string =>
  word
    .replaceAll('ß', 'ss')
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '');

/** Porter2 stem of a lower-case English word; one of more than 60 letters is its own stem. */
export function stemEnglish(word: string): string {
  if (word.length > longestWord) return word;
  const plain = withoutDiacritics(word);
  const stem = porter2(plain);
  // The library takes one letter too many from -tion and -sion ("connec"), which would part "connect" from "connection".
  const base = /^(.+[st])ions?$/.exec(plain)?.[1];
  return base !== undefined && base.slice(0, -1) === stem ? base : stem;
}

const toUmlauts = (word: string): string =>
  word
    .replaceAll('ß', 'ss')
    .replace(/(?<!q)ue/g, 'ü')
    .replaceAll('ae', 'ä')
    .replaceAll('oe', 'ö');

/** A lower-case German word as its stem is written: umlauts, typed either way, as their plain letters. */
export const foldUmlauts = (word: string): string => withoutDiacritics(toUmlauts(word));

/**
 * Snowball stem of a lower-case German word, the same for `prüfung`, `pruefung` and `prufung`: digraphs are read as
 * umlauts first (the German2 variant, https://snowballstem.org/algorithms/german2/stemmer.html), umlauts fall last.
 * A word of more than 60 letters is its own stem.
 */
export function stemGerman(word: string): string {
  if (word.length > longestWord) return word;
  return withoutDiacritics(snowballGerman(toUmlauts(word)));
}
