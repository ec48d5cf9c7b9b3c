import { stemmer as porter2 } from '@orama/stemmers/english';
import { stemmer as snowballGerman } from '@orama/stemmers/german';

const withoutDiacritics = (word: string): string =>
  word
    .replaceAll('ß', 'ss')
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '');

/** Porter2 stem of a lower-case English word. */
export function stemEnglish(word: string): string {
  const plain = withoutDiacritics(word);
  const stem = porter2(plain);
  // The library takes one letter too many from -tion and -sion ("connec"), which would part "connect" from "connection".
  const base = /^(.+[st])ions?$/.exec(plain)?.[1];
  return base !== undefined && base.slice(0, -1) === stem ? base : stem;
}

/**
 * Snowball stem of a lower-case German word, the same for `prüfung`, `pruefung` and `prufung`: digraphs are read as
 * umlauts first (the German2 variant, https://snowballstem.org/algorithms/german2/stemmer.html), umlauts fall last.
 */
export function stemGerman(word: string): string {
  const umlauted = word
    .replaceAll('ß', 'ss')
    .replace(/(?<!q)ue/g, 'ü')
    .replaceAll('ae', 'ä')
    .replaceAll('oe', 'ö');
  return withoutDiacritics(snowballGerman(umlauted));
}
