import { normalizeText } from '../language/normalize-text.ts';

/** Characters without width, which part an address or a number for programs but not for readers. */
const invisible = /(?:\p{Cf}|\p{Variation_Selector}|\u034F|[\u115F\u1160\u3164])+/gu;
const dashes = /[\p{Pd}\u2043\u2212]/gu;
const otherDigits = /(?![0-9])\p{Nd}/gu;
const digit = /\p{Nd}/u;

/** Scripts have their ten digits in a row, from a code point that ends on 0 or 6 in hexadecimal. */
function toAsciiDigit(character: string): string {
  const codePoint = character.codePointAt(0) ?? 0;
  const inRow = codePoint % 16;
  const isFromZero = digit.test(String.fromCodePoint(codePoint - inRow));
  return String(isFromZero ? inRow : inRow - 6);
}

/**
 * A text in the plainest writing that reads the same: full-width and other forms of letters, digits, dashes and dots as
 * those of ASCII, and nothing invisible.
 */
export const toPlainWriting = (text: string): string =>
  normalizeText(text.replace(invisible, ''))
    .replace(invisible, '')
    .replace(dashes, '-')
    .replace(otherDigits, toAsciiDigit)
    .replaceAll('。', '.');
