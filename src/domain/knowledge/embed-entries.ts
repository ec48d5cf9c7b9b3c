import { setTimeout as delay } from 'node:timers/promises';
import { type DependencyFailure, isDependencyError } from '../errors.ts';
import type { EmbeddingModel } from '../models/embedding-model.ts';
import { contentHash } from './content-hash.ts';
import { entryEmbeddingText, type KnowledgeEntry } from './knowledge-entry.ts';
import type { KnowledgeStore } from './knowledge-store.ts';

export interface EmbedEntriesDeps {
  store: Pick<KnowledgeStore, 'findEmbeddings' | 'saveEmbeddings'>;
  embeddingModel: EmbeddingModel;
  onProgress?: ((done: number, total: number) => void) | undefined;
  wait?: ((ms: number) => Promise<unknown>) | undefined;
}

/** Half of what Gemini takes at once; each batch is kept as soon as it is there. */
const textsPerCall = 50;
const maxTries = 6;
const firstPauseMs = 1000;
/** A quota of a minute is back by then. */
const longestPauseMs = 60_000;
const passingFailures: ReadonlySet<DependencyFailure> = new Set(['throttled', 'timeout', 'unavailable']);

/** Entries whose text the store holds no embedding of under this model; one per text. */
export async function findUnembedded(
  { store, embeddingModel }: EmbedEntriesDeps,
  entries: readonly KnowledgeEntry[],
) {
  const byHash = new Map(entries.map((entry) => [contentHash(entry), entry]));
  const known = await store.findEmbeddings(embeddingModel.name, [...byHash.keys()]);
  const usable = new Map([...known].filter(([, vector]) => vector.length === embeddingModel.dimension));
  return { known: usable, missing: [...byHash].filter(([hash]) => !usable.has(hash)) };
}

/**
 * Embeddings of all entries by content hash; only those not in the store are made, and kept batch by batch, so that
 * whoever was stopped goes on where it was. Waits as long as the provider asks for when it throttles.
 * @throws DependencyError of the provider, after several tries
 */
export async function embedEntries(
  deps: EmbedEntriesDeps,
  entries: readonly KnowledgeEntry[],
): Promise<{ embeddings: Map<string, number[]>; madeCount: number }> {
  const { store, embeddingModel, onProgress } = deps;
  const { known: embeddings, missing } = await findUnembedded(deps, entries);
  for (let start = 0; start < missing.length; start += textsPerCall) {
    onProgress?.(start, missing.length);
    const batch = missing.slice(start, start + textsPerCall);
    const vectors = await embedPatiently(
      deps,
      batch.map(([, entry]) => entryEmbeddingText(entry)),
    );
    const made = new Map(batch.map(([hash], i) => [hash, vectors[i] ?? []]));
    await store.saveEmbeddings(embeddingModel.name, made);
    for (const [hash, vector] of made) embeddings.set(hash, vector);
  }
  if (missing.length > 0) onProgress?.(missing.length, missing.length);
  return { embeddings, madeCount: missing.length };
}

async function embedPatiently({ embeddingModel, wait = delay }: EmbedEntriesDeps, texts: readonly string[]) {
  for (let tries = 1; ; tries++) {
    try {
      return await embeddingModel.embedDocuments(texts);
    } catch (error) {
      const pauseMs = findPauseMs(error, tries);
      if (pauseMs === undefined || tries === maxTries) throw error;
      await wait(pauseMs);
    }
  }
}

/** How long to wait before another try; undefined when none makes sense, as with the quota of a whole day. */
function findPauseMs(error: unknown, tries: number): number | undefined {
  if (!isDependencyError(error) || !passingFailures.has(error.reason)) return undefined;
  const pauseMs = error.retryAfterMs ?? firstPauseMs * 2 ** (tries - 1);
  return pauseMs <= longestPauseMs ? pauseMs : undefined;
}
