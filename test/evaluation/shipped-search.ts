import { readKnowledgeFiles } from '../../src/adapters/knowledge-files/read-knowledge-files.ts';
import { createLocalEmbeddingModel } from '../../src/adapters/local-embedding/embedding-model.ts';
import { loadEnglishWords } from '../../src/adapters/local-embedding/english-words.ts';
import { entryEmbeddingText } from '../../src/domain/knowledge/knowledge-entry.ts';
import { parseKnowledgeFiles } from '../../src/domain/knowledge/parse-knowledge-files.ts';
import type { VectorIndex } from '../../src/domain/knowledge/vector-index.ts';
import type { EmbeddingModel } from '../../src/domain/models/embedding-model.ts';
import { createKnowledgeView } from '../../src/domain/retrieval/knowledge-view.ts';
import { createSearch, type Search } from '../../src/domain/retrieval/search.ts';
import { audienceWords, vocabulary } from '../fixtures/institution.ts';

export interface ShippedSearch extends Search {
  /** Ends the encoder. */
  close(): Promise<void>;
}

/** Exact nearest neighbours in memory, so that what is measured is the retrieval and no server. */
function createExactIndex(
  ids: readonly string[],
  embeddings: readonly number[][],
): Pick<VectorIndex, 'query'> {
  const cosine = (one: readonly number[], other: readonly number[]) =>
    one.reduce((sum, value, position) => sum + value * (other[position] ?? 0), 0);
  return {
    query: async (_version, embedding, count) =>
      ids
        .map((entryId, position) => ({
          entryId,
          similarity: Math.min(1, Math.max(0, cosine(embeddings[position] ?? [], embedding))),
        }))
        .sort((a, b) => b.similarity - a.similarity)
        .slice(0, count),
  };
}

/**
 * The search as a replica with this model has it, one without a key unless told, over the knowledge files below a
 * path. Embedding the shipped ones here takes about ten seconds.
 */
export async function createShippedSearch(
  knowledgePath: string,
  embeddingModel?: EmbeddingModel,
): Promise<ShippedSearch> {
  const { files } = await readKnowledgeFiles([knowledgePath]);
  const { entries } = parseKnowledgeFiles(files, audienceWords);
  const local = createLocalEmbeddingModel(vocabulary);
  const model = embeddingModel ?? local;
  const embeddings = await model.embedDocuments(entries.map(entryEmbeddingText));
  const version = {
    version: 1,
    embeddingModel: model.name,
    dimension: model.dimension,
    entryCount: entries.length,
    createdAt: new Date(),
  };
  const view = createKnowledgeView({ version, entries }, vocabulary, await loadEnglishWords());
  const search = createSearch({
    knowledge: () => view,
    embedQuery: async (text) => (await model.embedQueries([text]))[0] ?? [],
    vectorIndex: createExactIndex(
      entries.map(({ id }) => id),
      embeddings,
    ),
    settings: { similarityThreshold: 0.3 },
  });
  return { ...search, close: () => local.close() };
}
