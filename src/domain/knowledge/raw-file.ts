import type { KnowledgeFault } from './knowledge-fault.ts';

/** An entry as a file has it: any of the fields of entries, values not yet checked. */
export interface RawEntry {
  fields: Readonly<Record<string, unknown>>;
  /** Set when the file gives no id, and it was made of the question. */
  hasDerivedId?: boolean;
  /** Where a field is, or where the entry begins if the file does not have it; `path` leads into the field. */
  locate(path: readonly PropertyKey[]): string;
}

/** What one file holds before its entries are checked: all of it is an entry, a fault or a note. */
export interface RawFile {
  entries: RawEntry[];
  faults: KnowledgeFault[];
  /** What was left out or read otherwise than it stands there. */
  notes: KnowledgeFault[];
  /** What looks like questions where none can be, within code say. */
  hiddenQuestions: HiddenQuestion[];
}

export interface HiddenQuestion {
  question: string;
  place: string;
}

export const createRawFile = (parts: Partial<RawFile> = {}): RawFile => ({
  entries: [],
  faults: [],
  notes: [],
  hiddenQuestions: [],
  ...parts,
});

export const refuse = (place: string, message: string): RawFile =>
  createRawFile({ faults: [{ place, message }] });

/** Says a thing that holds in many places once, at the first of them. */
export function countByMessage(notes: readonly KnowledgeFault[]): KnowledgeFault[] {
  const counted = new Map<string, { first: KnowledgeFault; count: number }>();
  for (const note of notes) {
    const known = counted.get(note.message);
    if (known) known.count += 1;
    else counted.set(note.message, { first: note, count: 1 });
  }
  return [...counted.values()].map(({ first, count }) =>
    count === 1 ? first : { ...first, message: `${first.message} (here and in ${count - 1} more places)` },
  );
}
