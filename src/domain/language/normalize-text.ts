/**
 * Unicode's Stream-Safe Text Format (https://www.unicode.org/reports/tr15/#Stream_Safe_Text_Format): no word of any
 * language has more marks in a row, and putting them in order takes time that grows with the square of their number.
 * Two halfwidth letters become marks only by NFKC.
 */
const excessMarks = /([\p{M}\uFF9E\uFF9F]{30})[\p{M}\uFF9E\uFF9F]+/gu;

/** NFKC in a time that grows with the text; one character may become 18. */
export const normalizeText = (text: string): string => text.replace(excessMarks, '$1').normalize('NFKC');

/** UTF-16 code units. A message has at most 1000 code points, and no common script grows by NFKC. */
const longestQuestion = 2000;

/** What is read of a person's words: NFKC, cut to a length whose reading takes no noticeable time. */
export const readQuestion = (text: string): string =>
  cutText(normalizeText(cutText(text, longestQuestion)), longestQuestion);

/** The beginning of a text in UTF-16 code units, with no character cut in two. */
export const cutText = (text: string, codeUnits: number): string =>
  text.length <= codeUnits ? text : text.slice(0, codeUnits).replace(/[\uD800-\uDBFF]$/, '');
