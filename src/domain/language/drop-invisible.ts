/**
 * Characters without width that editors, chats and web pages leave behind: zero-width spaces and joiners, soft
 * hyphens, byte order marks, marks of direction, invisible operators and tags. Within a word they hide it from search.
 */
const invisible = /(?!\p{Variation_Selector})\p{Default_Ignorable_Code_Point}/gu;

/** Joins the parts of one emoji (a family), which fall apart without it. */
const joiner = '\u200D';

/** The text without characters that nobody sees. */
export function dropInvisible(text: string): string {
  return text.replace(invisible, (character, offset: number) =>
    character === joiner && isBetweenPictures(text, offset) ? character : '',
  );
}

function isBetweenPictures(text: string, offset: number): boolean {
  const before = text.slice(Math.max(0, offset - 3), offset);
  const after = text.slice(offset + 1, offset + 3);
  return (
    /[\p{Extended_Pictographic}\p{Emoji_Modifier}]\uFE0F?$/u.test(before) &&
    /^\p{Extended_Pictographic}/u.test(after)
  );
}
