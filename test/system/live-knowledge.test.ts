import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createChroma } from '../../src/adapters/chroma/client.ts';
import { createChromaVectorIndex } from '../../src/adapters/chroma/vector-index.ts';
import { createPostgres } from '../../src/adapters/postgres/client.ts';
import { createPostgresKnowledgeStore } from '../../src/adapters/postgres/knowledge-store.ts';
import { applyMigrations } from '../../src/adapters/postgres/migrate.ts';
import { createRedisKnowledgeSignal } from '../../src/adapters/redis/knowledge-signal.ts';
import { createRedisConnection } from '../../src/adapters/redis/redis-connection.ts';
import { createIngestKnowledge } from '../../src/domain/knowledge/ingest-knowledge.ts';
import type { KnowledgeSnapshot } from '../../src/domain/knowledge/knowledge-store.ts';
import { createLiveKnowledge, type LiveKnowledge } from '../../src/domain/knowledge/live-knowledge.ts';
import { createWordEmbeddingModel } from '../fakes/word-embedding-model.ts';
import { createEntries } from '../fixtures/knowledge-entries.ts';
import { startChroma, startPostgres, startRedis, type TestServer } from '../fixtures/start-servers.ts';

let postgresServer: TestServer;
let redisServer: TestServer;
let chromaServer: TestServer;
const model = createWordEmbeddingModel();
const opened: { close(): void }[] = [];

/** Clients of their own for each, as separate processes would have. */
function openReplica() {
  const postgres = createPostgres({ url: postgresServer.url, poolSize: 2 });
  const redis = createRedisConnection({ url: redisServer.url });
  const chroma = createChroma({ url: chromaServer.url });
  const deps = {
    store: createPostgresKnowledgeStore(postgres),
    signal: createRedisKnowledgeSignal(redis),
    vectorIndex: createChromaVectorIndex(chroma, { collectionName: 'live' }),
    embeddingModel: model,
  };
  const ingest = createIngestKnowledge(deps);
  const knowledge = createLiveKnowledge<KnowledgeSnapshot>({
    ...deps,
    buildView: (snapshot) => snapshot,
    embeddingModelName: model.name,
    canEmbedWith: () => true,
    reembed: () => ingest({ entries: [] }),
  });
  const close = () => {
    knowledge.stop();
    redis.close();
    chroma.close();
    void postgres.close();
  };
  opened.push({ close });
  return { ...deps, ingest, knowledge, settle: () => redis.settle(2000), postgres };
}

const countOf = (knowledge: LiveKnowledge<KnowledgeSnapshot>) => knowledge.current()?.entries.length;

beforeAll(async () => {
  [postgresServer, redisServer, chromaServer] = await Promise.all([
    startPostgres(),
    startRedis(),
    startChroma(),
  ]);
  const { postgres, ingest, settle } = openReplica();
  await settle();
  await applyMigrations(postgres, { migrationsFolder: 'infra/postgres/migrations' });
  await ingest({ entries: createEntries(100) });
});

afterAll(async () => {
  for (const { close } of opened) close();
  await Promise.all([postgresServer, redisServer, chromaServer].map((server) => server.remove()));
});

describe('replicas', () => {
  it('all serve a new version within two seconds of the flip, whole throughout', async () => {
    const replicas = [openReplica(), openReplica(), openReplica()];
    for (const { knowledge, settle } of replicas) {
      await settle();
      await knowledge.start();
    }
    const [first] = replicas;
    await first?.ingest({ entries: createEntries(150) });
    const flippedAtMs = performance.now();
    await expect
      .poll(() => replicas.map(({ knowledge }) => countOf(knowledge)), { timeout: 2000, interval: 20 })
      .toEqual([150, 150, 150]);
    expect(performance.now() - flippedAtMs).toBeLessThan(2000);
    const version = first?.knowledge.current()?.version.version ?? 0;
    const [question = []] = await model.embedQueries(['What about topic120?']);
    expect(await first?.vectorIndex.query(version, question, 3)).toHaveLength(3);
  });

  it('get their index back by themselves after Chroma lost its data, without the embedding provider', async () => {
    const { knowledge, vectorIndex, settle } = openReplica();
    await settle();
    await knowledge.start();
    await expect.poll(() => knowledge.status().index).toBe('ready');
    const { version } = knowledge.current() ?? expect.fail('nothing is served');
    const [question = []] = await model.embedQueries(['What about topic7?']);
    const embedded = model.embeddedTexts.length;
    await chromaServer.kill();
    await rm(chromaServer.dataDir, { recursive: true });
    await expect(vectorIndex.query(version.version, question, 1)).rejects.toMatchObject({
      dependency: 'chroma',
    });
    await chromaServer.start();
    await expect.poll(() => vectorIndex.findCount(version).catch(() => 0), { timeout: 15_000 }).toBe(150);
    expect(await vectorIndex.query(version.version, question, 3)).toHaveLength(3);
    expect(model.embeddedTexts).toHaveLength(embedded);
  });

  it.each([
    ['Postgres', () => postgresServer],
    ['Chroma', () => chromaServer],
  ])('started while %s is down serve all the same', async (_, serverOf) => {
    await serverOf().kill();
    try {
      const { knowledge, settle } = openReplica();
      await settle();
      await knowledge.start();
      expect(countOf(knowledge)).toBe(150);
    } finally {
      await serverOf().start();
    }
  });
});
