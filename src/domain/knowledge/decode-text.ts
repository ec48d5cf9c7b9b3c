export interface DecodedText {
  text: string;
  /** Name of the encoding, when it was none of Unicode's and so had to be guessed. */
  guessed?: string;
}

/** 0x80 to 0x9F of Windows-1252, which Node 20 takes for control characters; from 0xA0 on it is Latin-1. */
const windows1252 =
  '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F\u0090‘’“”•–—˜™š›œ\u009DžŸ' +
  Array.from({ length: 0x60 }, (_, i) => String.fromCharCode(0xa0 + i)).join('');

/** Upper half of code page 850, in which German Windows writes "CSV (MS-DOS)". */
const codePage850 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤' +
  'ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00AD±‗¾¶§÷¸°¨·¹³²■\u00A0';

/** Letters that German and English texts have beyond ASCII. */
const expectedLetters = /[äöüÄÖÜßéèàçñ]/;

/**
 * Decodes UTF-8 and UTF-16 by their marks, and otherwise UTF-8, or else what Excel writes on Windows, in DOS format or
 * on a Mac, whichever makes words of its letters.
 * @returns undefined for what is no text at all
 */
export function decodeText(bytes: Uint8Array): DecodedText | undefined {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return decodeStrictly('utf-16le', bytes);
  if (first === 0xfe && second === 0xff) return decodeStrictly('utf-16be', bytes);
  return decodeStrictly('utf-8', bytes) ?? guess(bytes);
}

function decodeStrictly(encoding: string, bytes: Uint8Array): DecodedText | undefined {
  try {
    return { text: new TextDecoder(encoding, { fatal: true }).decode(bytes) };
  } catch {
    return undefined;
  }
}

function guess(bytes: Uint8Array): DecodedText | undefined {
  if (bytes.some((byte) => byte < 0x09 || (byte > 0x0d && byte < 0x20))) return undefined;
  const candidates = [
    { text: decodeHalf(windows1252, bytes), guessed: 'Windows-1252' },
    { text: decodeHalf(codePage850, bytes), guessed: 'code page 850' },
    { text: new TextDecoder('macintosh').decode(bytes), guessed: 'Mac Roman' },
  ];
  return candidates.reduce((best, each) => (countLikely(each.text) > countLikely(best.text) ? each : best));
}

/** @param upperHalf Characters of the bytes from 0x80 on; those below are ASCII */
const decodeHalf = (upperHalf: string, bytes: Uint8Array): string =>
  Array.from(bytes, (byte) =>
    byte < 0x80 ? String.fromCharCode(byte) : (upperHalf[byte - 0x80] ?? '\uFFFD'),
  ).join('');

/** Special characters within words that belong there, less those that do not. */
function countLikely(text: string): number {
  let count = 0;
  for (const [, inside = ''] of text.matchAll(/(?<=[A-Za-z])(\P{ASCII})(?=[A-Za-z])/gu)) {
    count += expectedLetters.test(inside) ? 1 : -1;
  }
  // A control character says that it was another encoding.
  return count - [...text.matchAll(/(?!\p{ASCII})\p{Cc}|\uFFFD/gu)].length;
}
