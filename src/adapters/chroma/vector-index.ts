import type { Collection } from 'chromadb';
import { z } from 'zod';
import { DependencyError, isDependencyError } from '../../domain/errors.ts';
import type { KnowledgeEntry, KnowledgeVersion } from '../../domain/knowledge/knowledge-entry.ts';
import type { IndexedEntry, VectorIndex, VectorMatch } from '../../domain/knowledge/vector-index.ts';
import { batchCalls } from './batch-calls.ts';
import type { Chroma } from './client.ts';

export interface ChromaVectorIndexOptions {
  /** Collections are called `<collectionName>-v<version>`. */
  collectionName: string;
}

interface Query {
  version: number;
  embedding: readonly number[];
  topK: number;
}

const queriesPerCall = 64;
/** Keeps one request small (300 vectors of 3072 numbers are about 5 MB); the server's own limit is thousands. */
const recordsPerCall = 300;
const pageSize = 1000;

const metadataSchema = z.object({
  version: z.number(),
  embedding_model: z.string(),
  dimension: z.number(),
  entry_count: z.number(),
  created_at: z.string(),
  /** Set last: a collection without it is half written. */
  complete: z.boolean(),
});
type Metadata = z.infer<typeof metadataSchema>;

const notFound = (version: number) =>
  new DependencyError('chroma', 'not_found', `Chroma holds no complete collection of version ${version}`);

export function createChromaVectorIndex(
  chroma: Chroma,
  { collectionName }: ChromaVectorIndexOptions,
): VectorIndex {
  const handles = new Map<number, Collection>();
  const nameOf = (version: number) => `${collectionName}-v${version}`;

  /** The collection, or undefined when it is missing or half written. */
  async function findComplete(version: number): Promise<Collection | undefined> {
    const collection = await findCollection(version);
    return collection && parseMetadata(collection)?.complete ? collection : undefined;
  }

  async function findCollection(version: number): Promise<Collection | undefined> {
    try {
      return await chroma.run((client) => client.getCollection({ name: nameOf(version) }));
    } catch (error) {
      if (isDependencyError(error) && error.reason === 'not_found') return undefined;
      throw error;
    }
  }

  /**
   * Handles name a collection by an id that dies with it, so one that a rebuild has replaced is looked up once more.
   */
  async function withHandle<T>(version: number, call: (collection: Collection) => Promise<T>): Promise<T> {
    const known = handles.get(version);
    if (known) {
      try {
        return await chroma.run(() => call(known));
      } catch (error) {
        handles.delete(version);
        if (!isDependencyError(error) || error.reason !== 'not_found') throw error;
      }
    }
    const found = await findComplete(version);
    if (found === undefined) throw notFound(version);
    handles.set(version, found);
    return chroma.run(() => call(found));
  }

  async function queryOneVersion(version: number, queries: readonly Query[]): Promise<VectorMatch[][]> {
    const { ids, distances } = await withHandle(version, (collection) =>
      collection.query({
        queryEmbeddings: queries.map(({ embedding }) => [...embedding]),
        nResults: Math.max(...queries.map(({ topK }) => topK)),
        include: ['distances'],
      }),
    );
    return queries.map(({ topK }, row) =>
      (ids[row] ?? []).slice(0, topK).map((entryId, column) => ({
        entryId,
        similarity: toSimilarity(distances[row]?.[column] ?? 1),
      })),
    );
  }

  const query = batchCalls<Query, VectorMatch[]>(async (queries) => {
    const replies = new Map<Query, VectorMatch[] | Error>();
    for (const version of new Set(queries.map((each) => each.version))) {
      const group = queries.filter((each) => each.version === version);
      const results = await queryOneVersion(version, group).catch((error: Error) => error);
      group.forEach((each, i) => {
        replies.set(each, results instanceof Error ? results : (results[i] ?? []));
      });
    }
    return queries.map((each) => replies.get(each) ?? []);
  }, queriesPerCall);

  async function removeCollection(version: number): Promise<void> {
    handles.delete(version);
    try {
      await chroma.run((client) => client.deleteCollection({ name: nameOf(version) }));
    } catch (error) {
      if (!isDependencyError(error) || error.reason !== 'not_found') throw error;
    }
  }

  async function openForWriting(version: KnowledgeVersion): Promise<Collection> {
    const collection = await chroma.run((client) =>
      client.getOrCreateCollection({
        name: nameOf(version.version),
        // Null keeps the client from loading an embedding model of its own.
        embeddingFunction: null,
        configuration: { hnsw },
        metadata: toMetadata(version, false),
      }),
    );
    if (collection.configuration.hnsw?.space !== 'cosine') {
      throw new DependencyError('chroma', 'rejected', `Collection ${collection.name} is not in cosine space`);
    }
    return collection;
  }

  async function fill(version: KnowledgeVersion, entries: readonly IndexedEntry[]): Promise<number> {
    const existing = await findCollection(version.version);
    if (existing && !isOf(existing, version)) await removeCollection(version.version);
    const collection = await openForWriting(version);
    const serverLimit = await chroma.run((client) => client.getMaxBatchSize());
    const batchSize = serverLimit > 0 ? Math.min(serverLimit, recordsPerCall) : recordsPerCall;
    for (let start = 0; start < entries.length; start += batchSize) {
      const batch = entries.slice(start, start + batchSize);
      await chroma.run(() => collection.upsert(toRecords(batch, start)));
    }
    const count = await chroma.run(() => collection.count());
    if (count === entries.length) {
      await chroma.run(() => collection.modify({ metadata: toMetadata(version, true) }));
    }
    return count;
  }

  return {
    query: (version, embedding, topK) => query({ version, embedding, topK }),

    async write(version, entries) {
      if (version.entryCount !== entries.length) {
        throw new Error(
          `Version ${version.version} has ${version.entryCount} entries, not ${entries.length}`,
        );
      }
      if ((await fill(version, entries)) === entries.length) return;
      await removeCollection(version.version);
      const count = await fill(version, entries);
      if (count !== entries.length) {
        throw new DependencyError('chroma', 'rejected', `Chroma kept ${count} of ${entries.length} vectors`);
      }
    },

    async findCount(version) {
      const collection = await findComplete(version.version);
      if (collection === undefined || !isOf(collection, version)) return undefined;
      return chroma.run(() => collection.count());
    },

    async loadEntries(version) {
      const collection = await findComplete(version);
      if (collection === undefined) throw notFound(version);
      const rows: { position: number; entry: KnowledgeEntry }[] = [];
      for (let offset = 0; ; offset += pageSize) {
        const page = await chroma.run(() =>
          collection.get<{ position: number }>({
            limit: pageSize,
            offset,
            include: ['documents', 'metadatas'],
          }),
        );
        for (const { document, metadata } of page.rows()) {
          rows.push({ position: metadata?.position ?? 0, entry: JSON.parse(document ?? 'null') });
        }
        if (page.ids.length < pageSize) break;
      }
      return rows.sort((a, b) => a.position - b.position).map(({ entry }) => entry);
    },

    async listVersions() {
      const versions: KnowledgeVersion[] = [];
      for (let offset = 0; ; offset += pageSize) {
        const page = await chroma.run((client) => client.listCollections({ limit: pageSize, offset }));
        for (const collection of page) {
          const metadata = parseMetadata(collection);
          if (metadata && collection.name === nameOf(metadata.version)) versions.push(toVersion(metadata));
        }
        if (page.length < pageSize) break;
      }
      return versions.sort((a, b) => a.version - b.version);
    },

    delete: removeCollection,
  };
}

/**
 * The space cannot be changed later, and is l2 unless said. The others are twice Chroma's defaults, with which 29 % of
 * a hundred much-alike entries were not found by their own question; with these it was 2 %.
 */
const hnsw = { space: 'cosine', ef_construction: 200, ef_search: 200, max_neighbors: 32 } as const;

/** Cosine distance runs from 0 to 2; what points away is not similar at all. */
const toSimilarity = (distance: number) => Math.min(1, Math.max(0, 1 - distance));

function toRecords(entries: readonly IndexedEntry[], firstPosition: number) {
  return {
    ids: entries.map(({ entry }) => entry.id),
    embeddings: entries.map(({ embedding }) => [...embedding]),
    documents: entries.map(({ entry }) => JSON.stringify(entry)),
    metadatas: entries.map((_, i) => ({ position: firstPosition + i })),
  };
}

const toMetadata = (version: KnowledgeVersion, complete: boolean): Metadata => ({
  version: version.version,
  embedding_model: version.embeddingModel,
  dimension: version.dimension,
  entry_count: version.entryCount,
  created_at: version.createdAt.toISOString(),
  complete,
});

const toVersion = (metadata: Metadata): KnowledgeVersion => ({
  version: metadata.version,
  embeddingModel: metadata.embedding_model,
  dimension: metadata.dimension,
  entryCount: metadata.entry_count,
  createdAt: new Date(metadata.created_at),
});

/** A store that was emptied begins again at version 1, so the number alone does not tell. */
const isOf = (collection: Collection, version: KnowledgeVersion) =>
  parseMetadata(collection)?.created_at === version.createdAt.toISOString();

const parseMetadata = (collection: Collection): Metadata | undefined =>
  metadataSchema.safeParse(collection.metadata).data;
