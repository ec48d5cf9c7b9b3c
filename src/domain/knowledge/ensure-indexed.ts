import type { KnowledgeVersion } from './knowledge-entry.ts';
import type { KnowledgeStore } from './knowledge-store.ts';
import type { VectorIndex } from './vector-index.ts';

/**
 * Rebuilds the collection of a version from the store when it is missing or differs. Any number of processes may ask
 * at once: one rebuilds, the others wait and find it done. No embedding is made.
 * @returns whether this call rebuilt it
 * @throws DependencyError `chroma` or `postgres`
 */
export async function ensureIndexed(
  { store, vectorIndex }: { store: KnowledgeStore; vectorIndex: VectorIndex },
  version: KnowledgeVersion,
): Promise<boolean> {
  const isWhole = async () => (await vectorIndex.findCount(version)) === version.entryCount;
  if (await isWhole()) return false;
  return store.withLock('index', async () => {
    if (await isWhole()) return false;
    await vectorIndex.write(version, await store.loadIndexedEntries(version.version));
    return true;
  });
}
