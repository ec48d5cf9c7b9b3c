import type { KnowledgeEntry, KnowledgeVersion } from './knowledge-entry.ts';

export interface VectorMatch {
  entryId: string;
  /** Cosine similarity, clamped to 0..1; higher is closer. */
  similarity: number;
}

export interface IndexedEntry {
  entry: KnowledgeEntry;
  embedding: readonly number[];
}

/** The vectors of knowledge versions, one collection each. Derived data: it can be rebuilt from the knowledge store. */
export interface VectorIndex {
  /**
   * The `topK` nearest entries of that version, nearest first.
   * @throws DependencyError `chroma`; reason not_found when the version's collection is missing.
   */
  query(version: number, embedding: readonly number[], topK: number): Promise<VectorMatch[]>;
  /**
   * Writes a whole version, cosine space, entries as documents. Writing the same version again replaces nothing and
   * repairs what is missing; queries see the collection once it is whole.
   */
  write(version: KnowledgeVersion, entries: readonly IndexedEntry[]): Promise<void>;
  /**
   * Count of vectors stored for a version, or undefined if its collection is missing, half written, or was made for
   * another version that once had the same number.
   */
  findCount(version: KnowledgeVersion): Promise<number | undefined>;
  /**
   * All entries of a version in their order, as stored beside the vectors: what a replica starts from while Postgres
   * is down. @throws DependencyError `chroma`; reason not_found when the collection is missing or half written.
   */
  loadEntries(version: number): Promise<KnowledgeEntry[]>;
  /** Versions that have a collection, whole or not, ascending, with the metadata written beside them. */
  listVersions(): Promise<KnowledgeVersion[]>;
  /** Deletes a version's collection, if there is one. */
  delete(version: number): Promise<void>;
}
