import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Chroma, createChroma } from '../../../src/adapters/chroma/client.ts';
import { createChromaVectorIndex } from '../../../src/adapters/chroma/vector-index.ts';
import type { KnowledgeVersion } from '../../../src/domain/knowledge/knowledge-entry.ts';
import { createEntries } from '../../fixtures/knowledge-entries.ts';
import { startChroma, type TestServer } from '../../fixtures/start-servers.ts';

const collectionName = 'adapter';
const queryTimeoutMs = 500;
const version: KnowledgeVersion = {
  version: 1,
  embeddingModel: 'words',
  dimension: 3,
  entryCount: 1000,
  createdAt: new Date('2026-01-01T00:00:00Z'),
};
const entries = createEntries(version.entryCount).map((entry, i) => ({
  entry,
  embedding: [Math.sin(i), Math.cos(i), i / version.entryCount],
}));

let server: TestServer;
let chroma: Chroma;
let queryCalls: number;

beforeAll(async () => {
  server = await startChroma();
  chroma = createChroma({ url: server.url, queryTimeoutMs });
  await createChromaVectorIndex(chroma, { collectionName }).write(version, entries);
});

afterAll(async () => {
  chroma.close();
  await server.remove();
});

/** The same client, counting its calls of `/query`. */
function openCounting() {
  queryCalls = 0;
  const run: Chroma['run'] = async (call) => {
    queryCalls += 1;
    return chroma.run(call);
  };
  return createChromaVectorIndex({ ...chroma, run }, { collectionName });
}

describe('the Chroma index', () => {
  it('keeps a thousand entries in their order, in cosine space', async () => {
    const index = createChromaVectorIndex(chroma, { collectionName });
    expect(await index.loadEntries(1)).toEqual(entries.map(({ entry }) => entry));
    const collection = await chroma.client.getCollection({ name: `${collectionName}-v1` });
    expect(collection.configuration.hnsw?.space).toBe('cosine');
  });

  it('sends a lone query at once, and those that come meanwhile together', async () => {
    const index = openCounting();
    await index.query(1, [1, 0, 0], 1);
    queryCalls = 0;
    const first = index.query(1, [1, 0, 0], 1);
    await Promise.resolve();
    await Promise.resolve();
    const others = Array.from({ length: 40 }, (_, i) => index.query(1, [Math.sin(i), Math.cos(i), 0], 3));
    const results = await Promise.all([first, ...others]);
    expect(queryCalls).toBe(2);
    expect(results.map(({ length }) => length)).toEqual([1, ...others.map(() => 3)]);
  });

  it('never takes a half-written collection for a whole one, and completes it', async () => {
    const index = createChromaVectorIndex(chroma, { collectionName: 'half' });
    await index.write(version, entries);
    const collection = await chroma.client.getCollection({ name: 'half-v1' });
    await collection.modify({ metadata: { ...collection.metadata, complete: false } });
    await collection.delete({ ids: ['topic3', 'topic4'] });
    const fresh = createChromaVectorIndex(chroma, { collectionName: 'half' });
    await expect(fresh.query(1, [1, 0, 0], 1)).rejects.toMatchObject({ reason: 'not_found' });
    await expect(fresh.loadEntries(1)).rejects.toMatchObject({ reason: 'not_found' });
    expect(await fresh.findCount(version)).toBeUndefined();
    await fresh.write(version, entries);
    expect(await fresh.findCount(version)).toBe(1000);
  });

  it('removes vectors that do not belong to the version', async () => {
    const index = createChromaVectorIndex(chroma, { collectionName: 'extra' });
    await index.write(version, entries);
    const collection = await chroma.client.getCollection({ name: 'extra-v1' });
    await collection.upsert({ ids: ['stranger'], embeddings: [[1, 1, 1]], documents: ['{}'] });
    expect(await index.findCount(version)).toBe(1001);
    await index.write(version, entries);
    expect(await index.findCount(version)).toBe(1000);
  });

  it('costs a frozen server’s limit once, then fails at once, and comes back by itself', async () => {
    const index = createChromaVectorIndex(chroma, { collectionName });
    await index.query(1, [1, 0, 0], 1);
    server.pause();
    try {
      const startedAtMs = performance.now();
      await expect(index.query(1, [1, 0, 0], 1)).rejects.toMatchObject({
        dependency: 'chroma',
        reason: 'timeout',
      });
      expect(performance.now() - startedAtMs).toBeLessThan(queryTimeoutMs + 300);
      const againAtMs = performance.now();
      await expect(index.query(1, [1, 0, 0], 1)).rejects.toMatchObject({ reason: 'unavailable' });
      expect(performance.now() - againAtMs).toBeLessThan(50);
    } finally {
      server.resume();
    }
    await expect.poll(() => index.query(1, [1, 0, 0], 1), { timeout: 5000 }).toHaveLength(1);
  });

  it('says unavailable at once when nothing listens', async () => {
    const nowhere = createChroma({ url: 'http://127.0.0.1:9' });
    const index = createChromaVectorIndex(nowhere, { collectionName });
    await expect(index.query(1, [1, 0, 0], 1)).rejects.toMatchObject({
      dependency: 'chroma',
      reason: 'unavailable',
    });
  });
});
