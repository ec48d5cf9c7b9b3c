import { beforeEach, describe, expect, it } from 'vitest';
import { contentHash } from '../../src/domain/knowledge/content-hash.ts';
import type { KnowledgeEntry } from '../../src/domain/knowledge/knowledge-entry.ts';
import type { KnowledgeStore } from '../../src/domain/knowledge/knowledge-store.ts';
import { createEntries, createEntry } from '../fixtures/knowledge-entries.ts';

/** What every knowledge store promises. `openEmpty` gives one without versions. */
export function describeKnowledgeStore(name: string, openEmpty: () => Promise<KnowledgeStore>): void {
  describe(`knowledge store: ${name}`, () => {
    let store: KnowledgeStore;
    beforeEach(async () => {
      store = await openEmpty();
    });

    const create = (entries: readonly KnowledgeEntry[], embeddingModel = 'words') =>
      store.createVersion({
        embeddingModel,
        dimension: 2,
        entries: entries.map((entry) => ({ entry, contentHash: contentHash(entry) })),
      });
    const embed = (entries: readonly KnowledgeEntry[], model = 'words') =>
      store.saveEmbeddings(model, new Map(entries.map((entry, i) => [contentHash(entry), [i, 0.5]])));

    it('has no live version until one is activated', async () => {
      const { version } = await create(createEntries(1));
      expect(await store.findActive()).toBeUndefined();
      await store.activate(version);
      expect((await store.findActive())?.version).toBe(version);
    });

    it('gives entries back as they were stored, in their order', async () => {
      const entries = [
        createEntry('z', {
          roles: ['student'],
          campuses: ['Garching'],
          url: 'https://tum.de/',
          language: 'de',
        }),
        createEntry('a', { answer: 'Zeile 1\n"ß" 😀', alternatives: ['Und?'] }),
        createEntry('b', {
          questionDe: 'Wo?',
          answerDe: 'Hier.',
          verifiedAt: '2026-11-25',
          validUntil: '2027-03-31',
        }),
      ];
      const { version } = await create(entries);
      const snapshot = await store.loadSnapshot(version);
      expect(snapshot.entries).toEqual(entries);
      expect(snapshot.version).toMatchObject({
        version,
        embeddingModel: 'words',
        dimension: 2,
        entryCount: entries.length,
      });
      expect(snapshot.version.createdAt).toBeInstanceOf(Date);
    });

    it('gives entries together with the embeddings of their version’s model', async () => {
      const entries = createEntries(3);
      await embed(entries);
      await embed(entries.toReversed(), 'other');
      const { version } = await create(entries);
      expect(await store.loadIndexedEntries(version)).toEqual(
        entries.map((entry, i) => ({ entry, embedding: [i, 0.5] })),
      );
    });

    it('finds the embeddings it knows, under their model only', async () => {
      const [known, unknown] = createEntries(2).map(contentHash) as [string, string];
      await store.saveEmbeddings('words', new Map([[known, [0.25, -1]]]));
      expect(await store.findEmbeddings('words', [known, unknown])).toEqual(new Map([[known, [0.25, -1]]]));
      expect(await store.findEmbeddings('other', [known])).toEqual(new Map());
    });

    it('bears the same embeddings stored twice', async () => {
      const entries = createEntries(2);
      await embed(entries);
      await embed(entries);
      expect((await store.findEmbeddings('words', entries.map(contentHash))).size).toBe(2);
    });

    it('refuses to activate or load a version that does not exist', async () => {
      await expect(store.activate(999_999)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(store.loadSnapshot(999_999)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it('keeps the newest versions, the live one always, and none that was never live', async () => {
      const numbers: number[] = [];
      for (let i = 0; i < 5; i++) {
        const { version } = await create(createEntries(1));
        await store.activate(version);
        numbers.push(version);
      }
      const [oldest, ...others] = numbers as [number, ...number[]];
      await store.activate(oldest);
      await create(createEntries(1));
      await store.deleteOldVersions(3);
      const kept = (await store.listVersions()).map(({ version }) => version);
      expect(kept).toEqual([oldest, ...others.slice(-2)]);
    });

    it('forgets embeddings that no kept version refers to', async () => {
      const entries = createEntries(2);
      const [used, unused] = entries.map(contentHash) as [string, string];
      await embed(entries);
      await store.activate((await create(entries.slice(0, 1))).version);
      await store.deleteOldVersions(10);
      expect([...(await store.findEmbeddings('words', [used, unused])).keys()]).toEqual([used]);
    });

    it('never uses a version number twice', async () => {
      const first = await create(createEntries(1));
      await store.deleteOldVersions(10);
      const second = await create(createEntries(1));
      expect(second.version).toBeGreaterThan(first.version);
    });

    it('runs work under one lock in turn, under two locks side by side', async () => {
      const order: string[] = [];
      let finishFirst = () => {};
      const first = store.withLock('ingest', async () => {
        order.push('first begins');
        await new Promise<void>((resolve) => {
          finishFirst = resolve;
        });
        order.push('first ends');
      });
      await expect.poll(() => order).toEqual(['first begins']);
      const second = store.withLock('ingest', async () => order.push('second'));
      await store.withLock('index', async () => order.push('other lock'));
      finishFirst();
      await Promise.all([first, second]);
      expect(order).toEqual(['first begins', 'other lock', 'first ends', 'second']);
    });

    it('frees the lock when the work fails', async () => {
      await expect(
        store.withLock('ingest', async () => {
          throw new Error('broken');
        }),
      ).rejects.toThrow('broken');
      expect(await store.withLock('ingest', async () => 'free')).toBe('free');
    });
  });
}
