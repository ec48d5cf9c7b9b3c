/** Something wrong in a knowledge file, for the person who wrote it. */
export interface KnowledgeFault {
  /** File with line (`faq.md:12`) and, within JSON, the path (`faq.json:40 documents[3].question`). */
  place: string;
  message: string;
}

/** A file refused as a whole: every fault of every file, so that they are mended in one go. */
export class KnowledgeFaultsError extends Error {
  override readonly name = 'KnowledgeFaultsError';
  readonly faults: readonly KnowledgeFault[];

  constructor(faults: readonly KnowledgeFault[]) {
    super(`${faults.length} fault(s); nothing was changed`);
    this.faults = faults;
  }
}
