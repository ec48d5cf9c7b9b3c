import { beforeEach, describe, expect, it } from 'vitest';
import type { KnowledgeVersion } from '../../src/domain/knowledge/knowledge-entry.ts';
import type { IndexedEntry, VectorIndex } from '../../src/domain/knowledge/vector-index.ts';
import { createEntry } from '../fixtures/knowledge-entries.ts';

/** What every vector index promises. `openEmpty` gives one without collections. */
export function describeVectorIndex(name: string, openEmpty: () => Promise<VectorIndex>): void {
  describe(`vector index: ${name}`, () => {
    let index: VectorIndex;
    beforeEach(async () => {
      index = await openEmpty();
    });

    const createVersion = (version: number, entryCount: number): KnowledgeVersion => ({
      version,
      embeddingModel: 'words',
      dimension: 2,
      entryCount,
      createdAt: new Date(Date.UTC(2026, 0, version)),
    });
    const compass: IndexedEntry[] = [
      { entry: createEntry('north', { answer: 'Öl & "Ä"' }), embedding: [0, 1] },
      { entry: createEntry('east'), embedding: [1, 0] },
      { entry: createEntry('south'), embedding: [0, -1] },
    ];

    it('finds the nearest entries first, with cosine similarity clamped to 0..1', async () => {
      await index.write(createVersion(1, 3), compass);
      const matches = await index.query(1, [0.2, 2], 3);
      expect(matches.map(({ entryId }) => entryId)).toEqual(['north', 'east', 'south']);
      expect(matches[0]?.similarity).toBeCloseTo(0.995, 3);
      expect(matches[1]?.similarity).toBeCloseTo(0.0995, 3);
      expect(matches[2]?.similarity).toBe(0);
    });

    it('returns no more than topK, each caller its own', async () => {
      await index.write(createVersion(1, 3), compass);
      const [one, two] = await Promise.all([index.query(1, [1, 0], 1), index.query(1, [0, -1], 2)]);
      expect(one.map(({ entryId }) => entryId)).toEqual(['east']);
      expect(two.map(({ entryId }) => entryId)).toHaveLength(2);
      expect(two[0]?.entryId).toBe('south');
    });

    it('keeps versions apart', async () => {
      await index.write(createVersion(1, 3), compass);
      await index.write(createVersion(2, 1), compass.slice(1, 2));
      expect(await index.query(2, [0, 1], 5)).toHaveLength(1);
      expect(await index.query(1, [0, 1], 5)).toHaveLength(3);
      expect((await index.listVersions()).map(({ version }) => version)).toEqual([1, 2]);
    });

    it('says not_found for a version without a collection', async () => {
      const missing = { dependency: 'chroma', reason: 'not_found' };
      await expect(index.query(7, [1, 0], 1)).rejects.toMatchObject(missing);
      await expect(index.loadEntries(7)).rejects.toMatchObject(missing);
      expect(await index.findCount(createVersion(7, 3))).toBeUndefined();
    });

    it('one caller’s missing version does not fail another’s query', async () => {
      await index.write(createVersion(1, 3), compass);
      const [missing, found] = await Promise.allSettled([
        index.query(9, [1, 0], 1),
        index.query(1, [1, 0], 1),
      ]);
      expect([missing.status, found.status]).toEqual(['rejected', 'fulfilled']);
    });

    it('gives entries and version back as written, in order', async () => {
      const version = createVersion(3, 3);
      await index.write(version, compass);
      expect(await index.loadEntries(3)).toEqual(compass.map(({ entry }) => entry));
      expect(await index.listVersions()).toEqual([version]);
      expect(await index.findCount(version)).toBe(3);
    });

    it('bears a second write of the same version', async () => {
      const version = createVersion(1, 3);
      await index.write(version, compass);
      await index.write(version, compass);
      expect(await index.findCount(version)).toBe(3);
    });

    it('does not take another version of the same number for this one, and replaces it when written', async () => {
      const reborn = { ...createVersion(1, 1), createdAt: new Date(Date.UTC(2027, 0, 1)) };
      await index.write(createVersion(1, 3), compass);
      expect(await index.findCount(reborn)).toBeUndefined();
      await index.write(reborn, compass.slice(0, 1));
      expect(await index.findCount(reborn)).toBe(1);
    });

    it('goes on after a collection was deleted and written anew', async () => {
      await index.write(createVersion(1, 3), compass);
      await index.query(1, [1, 0], 1);
      await index.delete(1);
      await index.write(createVersion(1, 3), compass);
      expect((await index.query(1, [1, 0], 1))[0]?.entryId).toBe('east');
    });

    it('deletes, and bears deleting what is not there', async () => {
      await index.write(createVersion(1, 3), compass);
      await index.delete(1);
      await index.delete(1);
      expect(await index.listVersions()).toEqual([]);
    });
  });
}
