/** Spellings that would otherwise fall apart into pieces or count as different words. */
const joinedSpellings: readonly (readonly [RegExp, string])[] = [
  [/\be-(?=mail|book|learning|bike|scooter)/g, 'e'],
  [/\bwi-fi\b/g, 'wifi'],
  [/\bw-lan\b/g, 'wlan'],
  [/\b([us])-bahn/g, '$1bahn'],
  [/\blog[ -]?(in|out)\b/g, 'log$1'],
  [/\b(check|sign)[ -](in|out)\b/g, '$1$2'],
  [/[’']s\b/g, ''],
  [/[’']/g, ''],
];

/** Lower-case words of a text in order, punctuation gone; umlauts stay as typed. */
export function tokenize(text: string): string[] {
  const joined = joinedSpellings.reduce(
    (current, [pattern, replacement]) => current.replace(pattern, replacement),
    text.normalize('NFKC').toLowerCase(),
  );
  return joined.match(/[\p{L}\p{N}]+/gu) ?? [];
}
