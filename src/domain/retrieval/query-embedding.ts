import { DependencyError, isDependencyError } from '../errors.ts';
import type { EmbeddingModel } from '../models/embedding-model.ts';
import type { EmbeddingCache } from './embedding-cache.ts';

export interface QueryEmbeddingDependencies {
  cache: EmbeddingCache;
  /** Models at hand, by name. The live knowledge may still be of one that is no longer configured. */
  models: ReadonlyMap<string, EmbeddingModel>;
  onLookup: (isHit: boolean) => void;
}

export interface EmbedQueryOptions {
  signal?: AbortSignal | undefined;
  /** What the cache is known to hold, if it was asked before. */
  lookedUp?: { embedding: readonly number[] | undefined } | undefined;
}

/** Embeds a query with the model of that name. */
export type EmbedQuery = (
  text: string,
  modelName: string,
  options: EmbedQueryOptions,
) => Promise<readonly number[]>;

/** Key of a text in the embedding cache. */
export function embeddingCacheKey(modelName: string, text: string): string {
  return `${modelName}\n${text}`;
}

/**
 * Embeds a question: from the cache that all replicas share, else by its model.
 * @throws DependencyError when the model is not at hand or fails; never for the cache.
 */
export function createQueryEmbedding({ cache, models, onLookup }: QueryEmbeddingDependencies): EmbedQuery {
  return async (text, modelName, { signal, lookedUp }) => {
    const key = embeddingCacheKey(modelName, text);
    const cached = lookedUp ? lookedUp.embedding : await cache.find(key).catch(ignoreOutage);
    onLookup(cached !== undefined);
    if (cached) return cached;
    const model = models.get(modelName);
    if (!model)
      throw new DependencyError('gemini', 'not_found', `the embedding model ${modelName} is not at hand`);
    const [embedding = []] = await model.embedQueries([text], signal);
    void cache.save(key, embedding).catch(ignoreOutage);
    return embedding;
  };
}

function ignoreOutage(error: unknown): undefined {
  if (!isDependencyError(error, 'redis')) throw error;
  return undefined;
}
