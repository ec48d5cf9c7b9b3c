import { DependencyError } from '../../src/domain/errors.ts';
import type { KnowledgeVersion } from '../../src/domain/knowledge/knowledge-entry.ts';
import type { IndexedEntry, VectorIndex } from '../../src/domain/knowledge/vector-index.ts';

export function createMemoryVectorIndex(): VectorIndex {
  const collections = new Map<number, { version: KnowledgeVersion; entries: readonly IndexedEntry[] }>();

  function get(version: number) {
    const collection = collections.get(version);
    if (collection === undefined) throw new DependencyError('chroma', 'not_found', `No version ${version}`);
    return collection;
  }

  return {
    async query(version, embedding, topK) {
      return get(version)
        .entries.map(({ entry, embedding: other }) => ({
          entryId: entry.id,
          similarity: Math.min(1, Math.max(0, cosine(embedding, other))),
        }))
        .sort((a, b) => b.similarity - a.similarity)
        .slice(0, topK);
    },
    async write(version, entries) {
      collections.set(version.version, { version, entries: [...entries] });
    },
    async findCount(version) {
      const collection = collections.get(version.version);
      const isSame = collection?.version.createdAt.getTime() === version.createdAt.getTime();
      return isSame ? collection?.entries.length : undefined;
    },
    async loadEntries(version) {
      return get(version).entries.map(({ entry }) => entry);
    },
    async listVersions() {
      return [...collections.values()].map(({ version }) => version).sort((a, b) => a.version - b.version);
    },
    async delete(version) {
      collections.delete(version);
    },
  };
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
  return dot / (Math.hypot(...a) * Math.hypot(...b) || 1);
}
