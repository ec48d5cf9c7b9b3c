import { longestWord } from './tokenize.ts';

export interface Spelling {
  /** The nearest known word for a misspelt one; undefined when none is near enough. */
  findNearest(word: string): string | undefined;
}

const shortestRepairable = 4;
const shortestForSubstitution = 6;
const shortestForTwoEdits = 8;

const maximumEdits = (word: string): number => (word.length >= shortestForTwoEdits ? 2 : 1);

/**
 * Optimal string alignment: insertions, deletions, substitutions, swaps of neighbours; gives up beyond `limit`.
 * https://en.wikipedia.org/wiki/Damerau-Levenshtein_distance#Optimal_string_alignment_distance
 */
function countEdits(from: string, to: string, limit: number): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      let edits = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) edits = Math.min(edits, (beforePrevious[column - 2] ?? 0) + 1);
      current.push(edits);
    }
    if (Math.min(...current) > limit) return limit + 1;
    beforePrevious = previous;
    previous = current;
  }
  return previous[to.length] ?? limit + 1;
}

const isRepairable = (word: string): boolean =>
  word.length >= shortestRepairable && word.length <= longestWord && !/\d/.test(word);

const sortLetters = (word: string): string => [...word].sort().join('');

/** Short words differ by one letter too easily ("lisa", "list"): there only letters swapped, missing or extra count. */
const isOtherShortWord = (word: string, candidate: string): boolean =>
  word.length < shortestForSubstitution &&
  candidate.length === word.length &&
  sortLetters(word) !== sortLetters(candidate);

/** Which letters a word has, one bit each; letters outside of a to z share bits. */
function toLetterSet(word: string): number {
  let letters = 0;
  for (let at = 0; at < word.length; at += 1) letters |= 1 << (word.charCodeAt(at) & 31);
  return letters;
}

/** https://graphics.stanford.edu/~seander/bithacks.html#CountBitsSetParallel */
function countBits(bits: number): number {
  const pairs = bits - ((bits >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return (((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

interface KnownWord {
  word: string;
  letters: number;
}

const toBucket = (length: number, firstLetter: string | undefined): string => `${length}${firstLetter}`;

/**
 * @param words Known words with how common they are. Among equally near ones the commonest wins. A first letter is
 *   rarely mistyped: only one that swapped with the second or was added before it is repaired.
 */
export function createSpelling(words: ReadonlyMap<string, number>): Spelling {
  const buckets = new Map<string, KnownWord[]>();
  for (const word of words.keys()) {
    if (!isRepairable(word)) continue;
    const key = toBucket(word.length, word[0]);
    const bucket = buckets.get(key);
    const known = { word, letters: toLetterSet(word) };
    if (bucket === undefined) buckets.set(key, [known]);
    else bucket.push(known);
  }

  function* listCandidates(word: string, limit: number): Generator<KnownWord> {
    for (let length = word.length - limit; length <= word.length + limit; length += 1) {
      for (const firstLetter of new Set([word[0], word[1]])) {
        yield* buckets.get(toBucket(length, firstLetter)) ?? [];
      }
    }
  }

  return {
    findNearest(word) {
      if (!isRepairable(word)) return undefined;
      const limit = maximumEdits(word);
      let nearest: string | undefined;
      let fewest = limit + 1;
      const letters = toLetterSet(word);
      for (const { word: candidate, letters: ofCandidate } of listCandidates(word, limit)) {
        // An edit takes away one letter and adds one at most: most candidates need no closer look.
        if (countBits(letters ^ ofCandidate) > 2 * limit || isOtherShortWord(word, candidate)) continue;
        const edits = countEdits(word, candidate, limit);
        const commoner = (words.get(candidate) ?? 0) > (words.get(nearest ?? '') ?? 0);
        if (edits < fewest || (edits === fewest && edits <= limit && commoner)) {
          nearest = candidate;
          fewest = edits;
        }
      }
      return nearest;
    },
  };
}
