import { stemEnglish } from './stem.ts';

/** English stems that mean about the same as this one. */
export type FindSynonyms = (stem: string) => ReadonlySet<string>;

const none: ReadonlySet<string> = new Set();

/** @param groups English words that mean about the same; a word may be in several. */
export function createSynonyms(groups: readonly (readonly string[])[]): FindSynonyms {
  const neighboursByStem = new Map<string, Set<string>>();
  for (const group of groups) {
    const stems = group.map(stemEnglish);
    for (const stem of stems) {
      const neighbours = neighboursByStem.get(stem) ?? new Set();
      for (const other of stems) if (other !== stem) neighbours.add(other);
      neighboursByStem.set(stem, neighbours);
    }
  }
  return (stem) => neighboursByStem.get(stem) ?? none;
}
