import type { KnowledgeFault } from './knowledge-fault.ts';
import type { ParsedEntry } from './parse-entry.ts';

/** Share of words that two questions have in common (Jaccard) from which they are nearly the same. */
const nearlySame = 0.8;

/** Words that change nothing about what is asked. */
const emptyWords = new Set(
  (
    'a an and are at be can could did do does for from get have how i in is it me my of on or our please should ' +
    'tell that the there this to was we what when where which who will with would you your ' +
    'am an auf bei bekomme das dem den der des die ein eine einen gibt ich im in ist kann mein meine man mit oder ' +
    'sind und von was wann welche wenn wer wie wird wo zu zum zur'
  ).split(' '),
);

interface Candidate {
  parsed: ParsedEntry;
  words: string[];
}

/** Warns of questions in one language that differ in hardly any word. Linear in practice, so that large files pass. */
export function findNearDuplicates(entries: readonly ParsedEntry[]): KnowledgeFault[] {
  const candidates = entries.map((parsed) => ({ parsed, words: contentWords(parsed.entry.question) }));
  const frequency = new Map<string, number>();
  for (const word of candidates.flatMap(({ words }) => words)) {
    frequency.set(word, (frequency.get(word) ?? 0) + 1);
  }
  const byWord = new Map<string, Candidate[]>();
  const warnings: KnowledgeFault[] = [];
  for (const candidate of candidates) {
    const prefix = rarestWords(candidate.words, frequency);
    const rivals = new Set(prefix.flatMap((word) => byWord.get(word) ?? []));
    const twin = [...rivals].find((rival) => areNearlySame(rival, candidate));
    if (twin) warnings.push(describe(candidate, twin));
    for (const word of prefix) byWord.set(word, [...(byWord.get(word) ?? []), candidate]);
  }
  return warnings;
}

const contentWords = (question: string): string[] => {
  const words = question.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const content = new Set(words.filter((word) => !emptyWords.has(word)));
  return content.size > 0 ? [...content] : [...new Set(words)];
};

/**
 * Two sets this similar share a word among these (prefix filter: Chaudhuri, Ganti, Kaushik, "A Primitive Operator for
 * Similarity Joins in Data Cleaning", 2006), so only those that do are compared.
 */
function rarestWords(words: readonly string[], frequency: ReadonlyMap<string, number>): string[] {
  const rank = (word: string) => frequency.get(word) ?? 0;
  const length = words.length - Math.ceil(nearlySame * words.length) + 1;
  return [...words].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1)).slice(0, length);
}

function areNearlySame(a: Candidate, b: Candidate): boolean {
  if (a.parsed.entry.language !== b.parsed.entry.language) return false;
  const words = new Set(a.words);
  const shared = b.words.filter((word) => words.has(word)).length;
  return shared / (words.size + b.words.length - shared) >= nearlySame;
}

const describe = (candidate: Candidate, twin: Candidate): KnowledgeFault => ({
  place: candidate.parsed.place,
  message: `"${candidate.parsed.entry.question}" is nearly the question at ${twin.parsed.place}: "${twin.parsed.entry.question}"`,
});
