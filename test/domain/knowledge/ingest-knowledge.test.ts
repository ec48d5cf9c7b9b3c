import { beforeEach, describe, expect, it } from 'vitest';
import { DependencyError } from '../../../src/domain/errors.ts';
import { createIngestKnowledge } from '../../../src/domain/knowledge/ingest-knowledge.ts';
import { createKnowledgeAdministration } from '../../../src/domain/knowledge/knowledge-administration.ts';
import type { PublishDeps } from '../../../src/domain/knowledge/publish-version.ts';
import {
  createMemoryKnowledgeSignal,
  createMemoryKnowledgeStore,
} from '../../fakes/memory-knowledge-store.ts';
import { createMemoryVectorIndex } from '../../fakes/memory-vector-index.ts';
import { createWordEmbeddingModel, type WordEmbeddingModel } from '../../fakes/word-embedding-model.ts';
import { createEntries, createEntry } from '../../fixtures/knowledge-entries.ts';

let model: WordEmbeddingModel;
let deps: PublishDeps;
const ingest = (request: Parameters<ReturnType<typeof createIngestKnowledge>>[0], overrides = {}) =>
  createIngestKnowledge({ ...deps, ...overrides })(request);
const liveEntries = async () => {
  const live = await deps.store.findActive();
  return live ? (await deps.store.loadSnapshot(live.version)).entries : [];
};
const collections = async () => (await deps.vectorIndex.listVersions()).map(({ version }) => version);

beforeEach(() => {
  model = createWordEmbeddingModel();
  deps = {
    store: createMemoryKnowledgeStore(),
    signal: createMemoryKnowledgeSignal(),
    vectorIndex: createMemoryVectorIndex(),
    embeddingModel: model,
    wait: async () => {},
  };
});

describe('an ingest', () => {
  it('makes entries live, indexed and announced', async () => {
    const entries = createEntries(30);
    const report = await ingest({ entries });
    expect(report).toMatchObject({ outcome: 'published', embeddedCount: 30, removed: [] });
    expect(report.added).toHaveLength(30);
    expect(await liveEntries()).toEqual(entries);
    expect(await deps.signal.findActiveVersion()).toBe(report.live?.version);
    expect(await deps.vectorIndex.loadEntries(report.live?.version ?? 0)).toEqual(entries);
  });

  it('of what is live already makes no version and no embedding', async () => {
    const first = await ingest({ entries: createEntries(5) });
    const embedded = model.embeddedTexts.length;
    const second = await ingest({ entries: createEntries(5) });
    expect(second).toMatchObject({ outcome: 'unchanged', live: first.live, embeddedCount: 0 });
    expect(model.embeddedTexts).toHaveLength(embedded);
  });

  it('embeds only what is new, and keeps what the files do not have', async () => {
    await ingest({ entries: createEntries(5) });
    const changed = createEntry('topic0', { answer: 'Something else.' });
    const moved = createEntry('topic1', { url: 'https://tum.de/' });
    const report = await ingest({ entries: [createEntry('added'), changed, moved] });
    expect(report).toMatchObject({
      added: ['added'],
      changed: ['topic0', 'topic1'],
      removed: [],
      embeddedCount: 2,
    });
    expect((await liveEntries()).map(({ id }) => id)).toEqual([
      'topic0',
      'topic1',
      'topic2',
      'topic3',
      'topic4',
      'added',
    ]);
  });

  it('of the German wording of live entries publishes it and embeds nothing', async () => {
    await ingest({ entries: createEntries(2) });
    const inGerman = createEntry('topic0', { questionDe: 'Was ist mit topic0?', answerDe: 'Das hier.' });
    expect(await ingest({ entries: [inGerman] })).toMatchObject({ changed: ['topic0'], embeddedCount: 0 });
    expect((await liveEntries())[0]).toEqual(inGerman);
  });

  it('with prune never removes an entry whose question the files hold within code', async () => {
    const entries = createEntries(2);
    await ingest({ entries });
    const hiddenQuestions = [{ question: 'What about topic1?', place: 'faq.md:12' }];
    const pruning = ingest({ entries: entries.slice(0, 1), prune: true, hiddenQuestions });
    await expect(pruning).rejects.toMatchObject({
      faults: [{ place: 'faq.md:12', message: expect.stringContaining('would be removed') }],
    });
    expect(await liveEntries()).toEqual(entries);
  });

  it('with prune removes what the files do not have', async () => {
    await ingest({ entries: createEntries(3) });
    const report = await ingest({ entries: createEntries(1), prune: true });
    expect(report).toMatchObject({ removed: ['topic1', 'topic2'], embeddedCount: 0 });
    expect(await liveEntries()).toEqual(createEntries(1));
  });

  it('run dry says what would happen and changes nothing', async () => {
    const first = await ingest({ entries: createEntries(3) });
    const report = await ingest({ entries: createEntries(4), dryRun: true });
    expect(report).toMatchObject({ outcome: 'planned', added: ['topic3'], embeddedCount: 1 });
    expect(await deps.store.findActive()).toEqual(first.live);
  });

  it('meant for an empty store leaves a filled one alone', async () => {
    await ingest({ entries: createEntries(1), ifEmpty: true });
    expect(await ingest({ entries: createEntries(9), ifEmpty: true })).toMatchObject({ outcome: 'skipped' });
    expect(await liveEntries()).toHaveLength(1);
  });

  it('under another model embeds everything anew into a version of its own', async () => {
    await ingest({ entries: createEntries(4) });
    const other = createWordEmbeddingModel('other', 32);
    const report = await ingest({ entries: [] }, { embeddingModel: other });
    expect(report).toMatchObject({ outcome: 'published', embeddedCount: 4 });
    expect(report.live).toMatchObject({ embeddingModel: 'other', dimension: 32, entryCount: 4 });
  });

  it('keeps the collection of a version from which a replica still answers', async () => {
    await deps.signal.markServed(1);
    for (const count of [1, 2, 3, 4]) await ingest({ entries: createEntries(count) });
    expect(await collections()).toEqual([1, 3, 4]);
  });

  it('else keeps the collections of the live and the previous version only', async () => {
    for (const count of [1, 2, 3, 4]) await ingest({ entries: createEntries(count) });
    expect(await collections()).toEqual([3, 4]);
  });

  it('waits as long as the provider asks for, and does not lose what it has', async () => {
    const waits: number[] = [];
    let calls = 0;
    const throttled = {
      ...model,
      embedDocuments: async (texts: readonly string[]) => {
        calls += 1;
        if (calls === 2) {
          throw new DependencyError('gemini', 'throttled', 'slow down', {
            retryable: true,
            retryAfterMs: 17_000,
          });
        }
        return model.embedDocuments(texts);
      },
    };
    const wait = async (ms: number) => waits.push(ms);
    const report = await ingest({ entries: createEntries(120) }, { embeddingModel: throttled, wait });
    expect(report.outcome).toBe('published');
    expect(waits).toEqual([17_000]);
  });
});

describe('an ingest that fails', () => {
  it.each(['embedDocuments', 'write', 'activate'] as const)(
    'in %s leaves the live version as it was',
    async (step) => {
      const first = await ingest({ entries: createEntries(3) });
      const fail = async () => {
        throw new DependencyError('chroma', 'unavailable', 'gone');
      };
      const overrides = {
        embedDocuments: { embeddingModel: { ...model, embedDocuments: fail } },
        write: { vectorIndex: { ...deps.vectorIndex, write: fail } },
        activate: { store: { ...deps.store, activate: fail } },
      }[step];
      await expect(ingest({ entries: createEntries(9) }, overrides)).rejects.toThrow('gone');
      expect(await deps.store.findActive()).toEqual(first.live);
      expect(await collections()).toEqual([first.live?.version]);
      expect(await deps.store.listVersions()).toHaveLength(1);
    },
  );

  it('does not make an index live that cannot find its own entries', async () => {
    const blind = { ...deps.vectorIndex, query: async () => [] };
    await expect(ingest({ entries: createEntries(9) }, { vectorIndex: blind })).rejects.toThrow(
      /0 of 5 entries/,
    );
    expect(await deps.store.findActive()).toBeUndefined();
  });

  it('after making embeddings does not make them again', async () => {
    const write = async () => {
      throw new Error('killed');
    };
    const broken = { ...deps.vectorIndex, write };
    const store = { ...deps.store, deleteOldVersions: async () => {} };
    await expect(ingest({ entries: createEntries(7) }, { store, vectorIndex: broken })).rejects.toThrow(
      'killed',
    );
    const embedded = model.embeddedTexts.length;
    expect(await ingest({ entries: createEntries(7) }, { store })).toMatchObject({ embeddedCount: 0 });
    expect(model.embeddedTexts).toHaveLength(embedded);
  });

  it('to reach Redis has published all the same: replicas ask the store then', async () => {
    const signal = {
      ...deps.signal,
      publishActiveVersion: async () => {
        throw new DependencyError('redis', 'unavailable', 'gone');
      },
    };
    expect(await ingest({ entries: createEntries(2) }, { signal })).toMatchObject({ outcome: 'published' });
    expect(await liveEntries()).toHaveLength(2);
  });
});

describe('operators', () => {
  it('roll back to a kept version, its collection rebuilt without the provider', async () => {
    const first = (await ingest({ entries: createEntries(2) })).live?.version ?? 0;
    await ingest({ entries: createEntries(3) });
    await ingest({ entries: createEntries(4) });
    const embedded = model.embeddedTexts.length;
    await createKnowledgeAdministration(deps).activate(first);
    expect(await deps.store.findActive()).toMatchObject({ version: first });
    expect(await deps.signal.findActiveVersion()).toBe(first);
    expect(await deps.vectorIndex.loadEntries(first)).toEqual(createEntries(2));
    expect(model.embeddedTexts).toHaveLength(embedded);
  });

  it('re-index into a fresh version of the same entries', async () => {
    const before = (await ingest({ entries: createEntries(2) })).live?.version ?? 0;
    const version = await createKnowledgeAdministration(deps).reindex();
    expect(version.version).toBeGreaterThan(before);
    expect(await liveEntries()).toEqual(createEntries(2));
  });

  it('see every kept version, which is live, and what is indexed', async () => {
    for (const count of [1, 2, 3]) await ingest({ entries: createEntries(count) });
    const versions = await createKnowledgeAdministration(deps).listVersions();
    expect(versions).toMatchObject([
      { version: 1, entryCount: 1, live: false, indexedCount: undefined },
      { version: 2, entryCount: 2, live: false, indexedCount: 2 },
      { version: 3, entryCount: 3, live: true, indexedCount: 3 },
    ]);
  });

  it('are told when there is no such version', async () => {
    await expect(createKnowledgeAdministration(deps).activate(42)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(createKnowledgeAdministration(deps).reindex()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
