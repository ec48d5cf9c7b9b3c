import { cutText, normalizeText } from './normalize-text.ts';

/** Letters. The longest words of either language that anybody asks with are shorter; what is longer is none of ours. */
export const longestWord = 60;

/** UTF-16 code units: as many as the largest body has bytes, and more than any entry of a knowledge base has. */
const longestText = 65_536;

/** Spellings that would otherwise fall apart into pieces or count as different words. */
const joinedSpellings: readonly (readonly [RegExp, string])[] = [
  [/\be-(?=mail|book|learning|bike|scooter)/g, 'e'],
  [/\bwi-fi\b/g, 'wifi'],
  [/\bw-lan\b/g, 'wlan'],
  [/\b([us])-bahn/g, '$1bahn'],
  [/\blog[ -]?(in|out)\b/g, 'log$1'],
  [/\b(check|sign)[ -](in|out)\b/g, '$1$2'],
  // One of the two spellings of English.
  [/\b(re-?)?enroll/g, '$1enrol'],
  [/\bre-(?=enrol|register|regist|issue|sit)/g, 're'],
  [/\bprogramme/g, 'program'],
  [/\bcentre/g, 'center'],
  [/\blicence/g, 'license'],
  [
    /(?<=\p{L}{3})is(?=(?:e|ed|es|ing|ation)\b)(?<!(?:prom|exerc|adv|rev|superv|ra|no|pra|prec|prem|expert|otherw)is)/gu,
    'iz',
  ],
  [/[’']s\b/g, ''],
  [/[’']/g, ''],
];

/** Lower-case words of a text in order, of at most 60 letters, punctuation gone; umlauts stay as typed. */
export function tokenize(text: string): string[] {
  const joined = joinedSpellings.reduce(
    (current, [pattern, replacement]) => current.replace(pattern, replacement),
    cutText(normalizeText(text), longestText).toLowerCase(),
  );
  return (joined.match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => word.length <= longestWord);
}
