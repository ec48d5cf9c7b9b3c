import { isDependencyError } from '../errors.ts';
import type { EmbeddingModel } from './embedding-model.ts';

/** Tells `onMissing` whenever a call found that the model does not exist. */
export function createWatchedEmbeddingModel(
  model: EmbeddingModel,
  onMissing: (name: string) => void,
): EmbeddingModel {
  async function watch<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (isDependencyError(error) && error.reason === 'not_found') onMissing(model.name);
      throw error;
    }
  }
  return {
    name: model.name,
    dimension: model.dimension,
    embedQueries: (texts, signal) => watch(model.embedQueries(texts, signal)),
    embedDocuments: (texts, signal) => watch(model.embedDocuments(texts, signal)),
  };
}
