import { and, asc, desc, eq, inArray, isNotNull, isNull, ne, notExists, sql } from 'drizzle-orm';
import { AppError } from '../../domain/errors.ts';
import type { KnowledgeVersion } from '../../domain/knowledge/knowledge-entry.ts';
import type { KnowledgeStore } from '../../domain/knowledge/knowledge-store.ts';
import type { Database, Postgres } from './client.ts';
import { runTransaction } from './run-transaction.ts';
import {
  knowledgeActive as active,
  knowledgeEmbeddings as embeddings,
  knowledgeEntries as entries,
  knowledgeVersions as versions,
} from './schema/knowledge.ts';

/** Whole versions move in these calls: more than a query of a chat, still far from for ever. */
const bulkTimeoutMs = 30_000;
/** Rows per statement; Postgres takes 65,535 parameters in one. */
const rowsPerStatement = 1000;
/** Any numbers that no other part of the service locks. */
const lockKeys = { ingest: 7_203_002, index: 7_203_003 } as const;

const versionColumns = {
  version: versions.version,
  embeddingModel: versions.embeddingModel,
  dimension: versions.dimension,
  entryCount: versions.entryCount,
  createdAt: versions.createdAt,
};

export function createPostgresKnowledgeStore(postgres: Postgres): KnowledgeStore {
  const runBulk = <T>(work: (database: Database) => Promise<T>) =>
    postgres.run(
      (database) =>
        runTransaction(database, async (transaction) => {
          await transaction.execute(
            sql`select set_config('statement_timeout', ${`${bulkTimeoutMs}ms`}, true)`,
          );
          return work(transaction);
        }),
      { timeoutMs: bulkTimeoutMs },
    );

  async function getVersion(database: Database, version: number): Promise<KnowledgeVersion> {
    const [row] = await database.select(versionColumns).from(versions).where(eq(versions.version, version));
    if (row === undefined) throw new AppError('NOT_FOUND', `There is no knowledge version ${version}.`);
    return row;
  }

  return {
    findActive: () =>
      postgres.run(async (database) => {
        const [row] = await database
          .select(versionColumns)
          .from(versions)
          .innerJoin(active, eq(active.version, versions.version));
        return row;
      }),

    loadSnapshot: (version) =>
      runBulk(async (database) => ({
        version: await getVersion(database, version),
        entries: await database
          .select({ entry: entries.entry })
          .from(entries)
          .where(eq(entries.version, version))
          .orderBy(asc(entries.position))
          .then((rows) => rows.map(({ entry }) => entry)),
      })),

    loadIndexedEntries: (version) =>
      runBulk((database) =>
        database
          .select({ entry: entries.entry, embedding: embeddings.embedding })
          .from(entries)
          .innerJoin(versions, eq(versions.version, entries.version))
          .innerJoin(
            embeddings,
            and(
              eq(embeddings.model, versions.embeddingModel),
              eq(embeddings.contentHash, entries.contentHash),
            ),
          )
          .where(eq(entries.version, version))
          .orderBy(asc(entries.position)),
      ),

    listVersions: () =>
      postgres.run((database) =>
        database
          .select(versionColumns)
          .from(versions)
          .where(isNotNull(versions.activatedAt))
          .orderBy(asc(versions.version)),
      ),

    findEmbeddings: (model, contentHashes) =>
      runBulk(async (database) => {
        const found = new Map<string, number[]>();
        for (const hashes of chunk(contentHashes)) {
          const rows = await database
            .select({ contentHash: embeddings.contentHash, embedding: embeddings.embedding })
            .from(embeddings)
            .where(and(eq(embeddings.model, model), inArray(embeddings.contentHash, hashes)));
          for (const row of rows) found.set(row.contentHash, [...row.embedding]);
        }
        return found;
      }),

    saveEmbeddings: (model, made) =>
      runBulk(async (database) => {
        const rows = [...made].map(([contentHash, embedding]) => ({ model, contentHash, embedding }));
        for (const values of chunk(rows))
          await database
            .insert(embeddings)
            .values(values)
            .onConflictDoUpdate({
              target: [embeddings.model, embeddings.contentHash],
              set: { embedding: sql`excluded.embedding` },
            });
      }),

    createVersion: ({ embeddingModel, dimension, entries: added }) =>
      runBulk(async (database) => {
        const [created] = await database
          .insert(versions)
          .values({ embeddingModel, dimension, entryCount: added.length })
          .returning(versionColumns);
        if (created === undefined) throw new Error('Postgres returned no row for an insert');
        const rows = added.map(({ entry, contentHash }, position) => ({
          version: created.version,
          position,
          entryId: entry.id,
          contentHash,
          entry,
        }));
        for (const values of chunk(rows)) await database.insert(entries).values(values);
        return created;
      }),

    activate: (version) =>
      runBulk(async (database) => {
        await getVersion(database, version);
        await database.update(versions).set({ activatedAt: sql`now()` }).where(eq(versions.version, version));
        await database
          .insert(active)
          .values({ version })
          .onConflictDoUpdate({ target: active.onlyRow, set: { version } });
      }),

    deleteOldVersions: (keep) =>
      runBulk(async (database) => {
        const live = database.select({ version: active.version }).from(active);
        await database.delete(versions).where(isNull(versions.activatedAt));
        const kept = await database
          .select({ version: versions.version })
          .from(versions)
          .orderBy(desc(sql`${versions.version} in ${live}`), desc(versions.version))
          .limit(keep);
        if (kept.length > 0) {
          await database
            .delete(versions)
            .where(and(...kept.map(({ version }) => ne(versions.version, version))));
        }
        await database.delete(embeddings).where(
          notExists(
            database
              .select({ one: sql`1` })
              .from(entries)
              .innerJoin(versions, eq(versions.version, entries.version))
              .where(
                and(
                  eq(entries.contentHash, embeddings.contentHash),
                  eq(versions.embeddingModel, embeddings.model),
                ),
              ),
          ),
        );
      }),

    withLock: (purpose, work) =>
      postgres.withSession(async (session) => {
        await session`select pg_advisory_lock(${lockKeys[purpose]})`;
        return work();
      }),
  };
}

function* chunk<T>(items: readonly T[]): Generator<T[]> {
  for (let start = 0; start < items.length; start += rowsPerStatement) {
    yield items.slice(start, start + rowsPerStatement);
  }
}
