/** Length of the vectors of gemini-embedding-001, unless fewer are asked for. */
export const fullDimension = 3072;

/** Features are hashed into so many of the numbers; the others stay 0. */
const usedDimensions = 512;
/** Shortened vectors of the real model are not of unit norm, so these must not be either. */
const shortenedNorm = 0.7;
const trigramWeight = 0.25;
const stopWords = new Set(
  (
    'a an and are as at be by can do does for from how i in is it me my of on or the there to what when where which ' +
    'who why will with you your das der die den dem ein eine einen für ich im in ist mein meine mich mir mit oder ' +
    'und von was wann wer wie wo zu zum zur kann gibt es bei auf'
  ).split(' '),
);

/** The same text gives the same vector, texts that share words or parts of words are near. Understands nothing. */
export function embedText(text: string, dimension: number): number[] {
  const vector = new Array<number>(dimension).fill(0);
  const add = (feature: string, weight: number) => {
    const hash = hashOf(feature);
    const index = hash % Math.min(usedDimensions, dimension);
    vector[index] = (vector[index] ?? 0) + (hash & 0x8000 ? weight : -weight);
  };
  const words = (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => !stopWords.has(word));
  for (const word of words) {
    add(word.slice(0, 6), 1);
    for (let start = 0; start + 3 <= word.length; start += 1)
      add(`#${word.slice(start, start + 3)}`, trigramWeight);
  }
  if (words.length === 0) add(text, 1);
  const norm = Math.hypot(...vector) / (dimension === fullDimension ? 1 : shortenedNorm);
  return vector.map((value) => value / norm);
}

/** FNV-1a, 32 bit, with its bits mixed once more so that low and high ones are independent. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (hash ^ (hash >>> 15)) >>> 0;
}
