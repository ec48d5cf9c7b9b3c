import type { KnowledgeEntry, KnowledgeVersion } from './knowledge-entry.ts';
import type { IndexedEntry } from './vector-index.ts';

export interface KnowledgeSnapshot {
  version: KnowledgeVersion;
  entries: readonly KnowledgeEntry[];
}

/**
 * The truth about the knowledge base (Postgres): entries, embeddings, versions, and which one is live.
 * Every method throws DependencyError `postgres` when the store is out.
 */
export interface KnowledgeStore {
  /** The live version, or undefined when nothing was ever ingested. */
  findActive(): Promise<KnowledgeVersion | undefined>;
  /** Entries of one version, in the order they were ingested. @throws AppError NOT_FOUND if there is no such version. */
  loadSnapshot(version: number): Promise<KnowledgeSnapshot>;
  /** Entries with their embeddings, to rebuild a vector index. */
  loadIndexedEntries(version: number): Promise<IndexedEntry[]>;
  listVersions(): Promise<KnowledgeVersion[]>;
  /** Known embeddings for these content hashes under that model. */
  findEmbeddings(model: string, contentHashes: readonly string[]): Promise<Map<string, number[]>>;
  /** Stores embeddings as they are made, so that a killed ingest does not pay twice. Idempotent. */
  saveEmbeddings(model: string, embeddings: ReadonlyMap<string, readonly number[]>): Promise<void>;
  /** Stores a complete, not yet live version in one transaction. */
  createVersion(input: {
    embeddingModel: string;
    dimension: number;
    entries: readonly { entry: KnowledgeEntry; contentHash: string }[];
  }): Promise<KnowledgeVersion>;
  /** Makes a version live. @throws AppError NOT_FOUND if there is no such version. */
  activate(version: number): Promise<void>;
  /**
   * Deletes versions that were never live (what a killed ingest leaves), all but the newest `keep` others, and the
   * embeddings that nothing refers to any more. The live version always stays. Only under the `ingest` lock.
   */
  deleteOldVersions(keep: number): Promise<void>;
  /**
   * Runs `work` while no other process does under the same purpose (advisory lock); waits for its turn.
   * `ingest` changes versions, `index` rebuilds a collection of one that exists.
   */
  withLock<T>(purpose: 'ingest' | 'index', work: () => Promise<T>): Promise<T>;
}

/** The live version's number as a signal that every replica polls (Redis). */
export interface KnowledgeSignal {
  findActiveVersion(): Promise<number | undefined>;
  publishActiveVersion(version: number): Promise<void>;
  /** Says that a replica answers from this version, for the next 30 s. */
  markServed(version: number): Promise<void>;
  /** Those of these versions from which a replica answers. */
  findServed(versions: readonly number[]): Promise<number[]>;
}
