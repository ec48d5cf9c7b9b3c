import { beforeEach, describe, expect, it } from 'vitest';
import { DependencyError } from '../../../src/domain/errors.ts';
import { createIngestKnowledge } from '../../../src/domain/knowledge/ingest-knowledge.ts';
import type { KnowledgeSnapshot } from '../../../src/domain/knowledge/knowledge-store.ts';
import {
  createLiveKnowledge,
  type LiveKnowledgeDeps,
  type LiveKnowledgeEvent,
} from '../../../src/domain/knowledge/live-knowledge.ts';
import type { PublishDeps } from '../../../src/domain/knowledge/publish-version.ts';
import {
  createMemoryKnowledgeSignal,
  createMemoryKnowledgeStore,
} from '../../fakes/memory-knowledge-store.ts';
import { createMemoryVectorIndex } from '../../fakes/memory-vector-index.ts';
import { createWordEmbeddingModel, type WordEmbeddingModel } from '../../fakes/word-embedding-model.ts';
import { createEntries } from '../../fixtures/knowledge-entries.ts';

let deps: PublishDeps;
let model: WordEmbeddingModel;
let events: LiveKnowledgeEvent[];
/** Names of systems that are out. */
let down: Set<'redis' | 'postgres' | 'chroma'>;

/** The same object, failing as a whole while its system is out. */
function failing<T extends object>(system: 'redis' | 'postgres' | 'chroma', target: T): T {
  return new Proxy(target, {
    get: (object, name) => {
      const method = Reflect.get(object, name) as (...parameters: unknown[]) => Promise<unknown>;
      return async (...parameters: unknown[]) => {
        if (down.has(system)) throw new DependencyError(system, 'unavailable', `${system} is out`);
        return method(...parameters);
      };
    },
  });
}

const ingest = (count: number, overrides = {}) =>
  createIngestKnowledge({ ...deps, ...overrides })({ entries: createEntries(count), prune: true });

const open = (overrides: Partial<LiveKnowledgeDeps<KnowledgeSnapshot>> = {}) =>
  createLiveKnowledge<KnowledgeSnapshot>({
    ...deps,
    buildView: (snapshot) => snapshot,
    embeddingModelName: model.name,
    canEmbedWith: () => true,
    reembed: () => createIngestKnowledge(deps)({ entries: [] }),
    onEvent: (event) => events.push(event),
    ...overrides,
  });

beforeEach(() => {
  down = new Set();
  events = [];
  model = createWordEmbeddingModel();
  deps = {
    store: failing('postgres', createMemoryKnowledgeStore()),
    signal: failing('redis', createMemoryKnowledgeSignal()),
    vectorIndex: failing('chroma', createMemoryVectorIndex()),
    embeddingModel: model,
  };
});

describe('a replica', () => {
  it('serves nothing before the first ingest, and the entries right after it', async () => {
    const knowledge = open();
    await knowledge.poll();
    expect(knowledge.current()).toBeUndefined();
    await ingest(3);
    await knowledge.poll();
    expect(knowledge.current()?.entries).toHaveLength(3);
  });

  it('stays with its version while the live one is of a model that it does not have', async () => {
    await ingest(1);
    const knowledge = open({ canEmbedWith: (name) => name === model.name });
    await knowledge.poll();
    const other = { ...createWordEmbeddingModel(), name: 'other' };
    await ingest(2, { embeddingModel: other });
    await knowledge.poll();
    await knowledge.poll();
    expect(knowledge.current()?.version.version).toBe(1);
    expect(events.filter(({ type }) => type === 'held-back')).toHaveLength(1);
    await ingest(3);
    await knowledge.poll();
    expect(knowledge.current()?.entries).toHaveLength(3);
  });

  it('goes on with its view while the next one is built, then swaps at once', async () => {
    await ingest(1);
    const releases: (() => void)[] = [];
    const knowledge = open({
      buildView: async (snapshot) => {
        await new Promise<void>((resolve) => releases.push(resolve));
        return snapshot;
      },
    });
    const firstPoll = knowledge.poll();
    await expect.poll(() => releases).toHaveLength(1);
    releases.pop()?.();
    await firstPoll;
    await ingest(2);
    const polling = knowledge.poll();
    await expect.poll(() => releases).toHaveLength(1);
    expect(knowledge.current()?.entries).toHaveLength(1);
    releases[0]?.();
    await polling;
    expect(knowledge.current()?.entries).toHaveLength(2);
  });

  it('follows a rollback', async () => {
    await ingest(1);
    await ingest(2);
    const knowledge = open();
    await knowledge.poll();
    await deps.store.activate(1);
    await deps.signal.publishActiveVersion(1);
    await knowledge.poll();
    expect(knowledge.current()?.version.version).toBe(1);
  });

  it.each([
    ['postgres', ['postgres']],
    ['chroma', ['chroma']],
    ['redis', ['redis']],
    ['redis and postgres', ['redis', 'postgres']],
    ['redis and chroma', ['redis', 'chroma']],
  ] as const)('starts while %s is out', async (_, systems) => {
    await ingest(4);
    down = new Set(systems);
    const knowledge = open();
    await knowledge.start();
    knowledge.stop();
    expect(knowledge.current()?.entries).toEqual(createEntries(4));
  });

  it('keeps serving, without a throw, while everything is out', async () => {
    await ingest(2);
    const knowledge = open();
    await knowledge.poll();
    down = new Set(['redis', 'postgres', 'chroma']);
    for (let i = 0; i < 12; i++) await knowledge.poll();
    expect(knowledge.current()?.entries).toHaveLength(2);
  });

  it('learns of a new version from the store when the signal was lost', async () => {
    await ingest(1);
    const knowledge = open();
    await knowledge.poll();
    down.add('redis');
    await ingest(2);
    down.clear();
    for (let i = 0; i < 11; i++) await knowledge.poll();
    expect(knowledge.current()?.entries).toHaveLength(2);
    expect(await deps.signal.findActiveVersion()).toBe(2);
  });

  it('reports a failure once, and its end', async () => {
    await ingest(1);
    const knowledge = open();
    down = new Set(['chroma']);
    for (let i = 0; i < 9; i++) await knowledge.poll();
    expect(knowledge.status().index).toBe('unreachable');
    down.clear();
    for (let i = 0; i < 3; i++) await knowledge.poll();
    await expect.poll(() => knowledge.status().index).toBe('ready');
    expect(events.map(({ type }) => type)).toEqual(['swapped', 'failing', 'recovered']);
  });
});

describe('a collection that is gone', () => {
  it('is rebuilt by one of several replicas, without the embedding provider', async () => {
    await ingest(6);
    const replicas = [open(), open(), open()];
    for (const replica of replicas) await replica.poll();
    const embedded = model.embeddedTexts.length;
    await deps.vectorIndex.delete(1);
    for (let i = 0; i < 4; i++) await Promise.all(replicas.map((replica) => replica.poll()));
    await expect.poll(() => deps.vectorIndex.loadEntries(1)).toEqual(createEntries(6));
    await expect
      .poll(() => replicas.map((replica) => replica.status().index))
      .toEqual(['ready', 'ready', 'ready']);
    expect(events.filter(({ type }) => type === 'index-rebuilt')).toHaveLength(1);
    expect(model.embeddedTexts).toHaveLength(embedded);
  });
});

describe('a changed embedding model', () => {
  it('is embedded once by one of several replicas while the old version serves', async () => {
    await ingest(6, { embeddingModel: createWordEmbeddingModel('old', 16) });
    const replicas = [open(), open()];
    await Promise.all(replicas.map((replica) => replica.poll()));
    expect(replicas[0]?.current()?.version.embeddingModel).toBe('old');
    await expect.poll(async () => (await deps.store.findActive())?.embeddingModel).toBe('words');
    for (const replica of replicas) await replica.poll();
    expect(replicas.map((replica) => replica.current()?.version.version)).toEqual([2, 2]);
    expect(model.embeddedTexts.filter((text) => text.includes('\n'))).toHaveLength(6);
  });

  it('is not fought over with an operator who ingests under another model later', async () => {
    await ingest(2);
    const knowledge = open();
    await knowledge.poll();
    await ingest(2, { embeddingModel: createWordEmbeddingModel('wanted', 16) });
    for (let i = 0; i < 61; i++) await knowledge.poll();
    expect((await deps.store.findActive())?.embeddingModel).toBe('wanted');
  });
});
