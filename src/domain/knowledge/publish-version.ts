import { isDependencyError } from '../errors.ts';
import type { EmbeddingModel } from '../models/embedding-model.ts';
import { contentHash } from './content-hash.ts';
import { type EmbedEntriesDeps, embedEntries } from './embed-entries.ts';
import type { KnowledgeEntry, KnowledgeVersion } from './knowledge-entry.ts';
import type { KnowledgeSignal, KnowledgeStore } from './knowledge-store.ts';
import type { IndexedEntry, VectorIndex } from './vector-index.ts';

export interface PublishDeps extends Omit<EmbedEntriesDeps, 'store'> {
  store: KnowledgeStore;
  signal: KnowledgeSignal;
  vectorIndex: VectorIndex;
  embeddingModel: EmbeddingModel;
}

export interface Published {
  version: KnowledgeVersion;
  embeddedCount: number;
}

const keptVersions = 10;
const goldenQueries = 5;
/** An entry must come up this near the top for its own question. */
const goldenTopK = 10;

/**
 * Stores entries as a new version, indexes it, checks it, makes it live, and tells the replicas. Only under the
 * `ingest` lock. Whatever fails or dies on the way, the version that was live stays so.
 */
export async function publishVersion(
  deps: PublishDeps,
  entries: readonly KnowledgeEntry[],
): Promise<Published> {
  const { store, vectorIndex, embeddingModel } = deps;
  await removeLeftovers(deps);
  const { embeddings, madeCount } = await embedEntries(deps, entries);
  const version = await store.createVersion({
    embeddingModel: embeddingModel.name,
    dimension: embeddingModel.dimension,
    entries: entries.map((entry) => ({ entry, contentHash: contentHash(entry) })),
  });
  try {
    const indexed = entries.map((entry) => ({ entry, embedding: embeddings.get(contentHash(entry)) ?? [] }));
    await vectorIndex.write(version, indexed);
    await checkVersion(deps, version, indexed, madeCount > 0);
    await store.activate(version.version);
  } catch (error) {
    await removeLeftovers(deps).catch(() => {});
    throw error;
  }
  await announce(deps, version.version);
  await removeLeftovers(deps);
  return { version, embeddedCount: madeCount };
}

/** Without Redis nobody is told, and nobody needs to be: replicas then ask the store. */
export async function announce({ signal }: Pick<PublishDeps, 'signal'>, version: number): Promise<void> {
  try {
    await signal.publishActiveVersion(version);
  } catch (error) {
    if (!isDependencyError(error, 'redis')) throw error;
  }
}

/**
 * Deletes what killed ingests left behind, old versions, and all collections but those of the live version, of the
 * newest other one (which a rollback wants), and of those from which a replica answers. Only under the `ingest` lock.
 */
export async function removeLeftovers({
  store,
  vectorIndex,
  signal,
}: Pick<PublishDeps, 'store' | 'vectorIndex' | 'signal'>): Promise<void> {
  await store.deleteOldVersions(keptVersions);
  const [versions, live] = await Promise.all([store.listVersions(), store.findActive()]);
  const previous = versions.findLast(({ version }) => version !== live?.version);
  const indexed = (await vectorIndex.listVersions()).map(({ version }) => version);
  const kept = new Set([live?.version, previous?.version, ...(await findServed(signal, indexed))]);
  for (const version of indexed) if (!kept.has(version)) await vectorIndex.delete(version);
}

/** Without Redis nobody knows; a replica whose collection is gone rebuilds it. */
async function findServed({ findServed }: PublishDeps['signal'], versions: readonly number[]) {
  try {
    return await findServed(versions);
  } catch (error) {
    if (!isDependencyError(error, 'redis')) throw error;
    return [];
  }
}

/**
 * Counts the collection and asks it a few questions whose answer is known. Questions are embedded afresh only if the
 * provider was needed anyway; else the stored vectors ask.
 */
async function checkVersion(
  { vectorIndex, embeddingModel }: PublishDeps,
  version: KnowledgeVersion,
  indexed: readonly IndexedEntry[],
  mayEmbed: boolean,
): Promise<void> {
  const count = await vectorIndex.findCount(version);
  if (count !== indexed.length) throw new Error(`The index holds ${count} of ${indexed.length} entries`);
  const step = Math.max(1, Math.floor(indexed.length / goldenQueries));
  const samples = indexed.filter((_, i) => i % step === 0).slice(0, goldenQueries);
  const queries = mayEmbed
    ? await embeddingModel.embedQueries(samples.map(({ entry }) => entry.question))
    : samples.map(({ embedding }) => embedding);
  const found = await Promise.all(
    samples.map(async ({ entry }, i) => {
      const matches = await vectorIndex.query(version.version, queries[i] ?? [], goldenTopK);
      return matches.some(({ entryId }) => entryId === entry.id);
    }),
  );
  const foundCount = found.filter(Boolean).length;
  if (foundCount * 2 <= samples.length && samples.length > 0) {
    throw new Error(`Only ${foundCount} of ${samples.length} entries are found by their own question`);
  }
}
