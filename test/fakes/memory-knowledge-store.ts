import { AppError } from '../../src/domain/errors.ts';
import type { KnowledgeEntry, KnowledgeVersion } from '../../src/domain/knowledge/knowledge-entry.ts';
import type { KnowledgeSignal, KnowledgeStore } from '../../src/domain/knowledge/knowledge-store.ts';

interface Stored {
  version: KnowledgeVersion;
  entries: readonly { entry: KnowledgeEntry; contentHash: string }[];
  wasLive: boolean;
}

export function createMemoryKnowledgeStore(): KnowledgeStore {
  const versions = new Map<number, Stored>();
  const embeddings = new Map<string, number[]>();
  const locks = new Map<string, Promise<unknown>>();
  let active: number | undefined;
  let lastVersion = 0;
  const embeddingKey = (model: string, hash: string) => `${model} ${hash}`;

  function get(version: number): Stored {
    const stored = versions.get(version);
    if (stored === undefined) throw new AppError('NOT_FOUND', `There is no knowledge version ${version}.`);
    return stored;
  }

  return {
    async findActive() {
      return active === undefined ? undefined : versions.get(active)?.version;
    },
    async loadSnapshot(number) {
      const { version, entries } = get(number);
      return { version, entries: entries.map(({ entry }) => entry) };
    },
    async loadIndexedEntries(number) {
      const { version, entries } = get(number);
      return entries.flatMap(({ entry, contentHash }) => {
        const embedding = embeddings.get(embeddingKey(version.embeddingModel, contentHash));
        return embedding ? [{ entry, embedding }] : [];
      });
    },
    async listVersions() {
      return [...versions.values()].filter(({ wasLive }) => wasLive).map(({ version }) => version);
    },
    async findEmbeddings(model, hashes) {
      const found = new Map<string, number[]>();
      for (const hash of hashes) {
        const embedding = embeddings.get(embeddingKey(model, hash));
        if (embedding) found.set(hash, embedding);
      }
      return found;
    },
    async saveEmbeddings(model, made) {
      for (const [hash, embedding] of made) embeddings.set(embeddingKey(model, hash), [...embedding]);
    },
    async createVersion({ embeddingModel, dimension, entries }) {
      lastVersion += 1;
      const version = {
        version: lastVersion,
        embeddingModel,
        dimension,
        entryCount: entries.length,
        createdAt: new Date(),
      };
      versions.set(lastVersion, { version, entries, wasLive: false });
      return version;
    },
    async activate(version) {
      get(version).wasLive = true;
      active = version;
    },
    async deleteOldVersions(keep) {
      for (const [number, { wasLive }] of versions) if (!wasLive) versions.delete(number);
      const others = [...versions.keys()].filter((number) => number !== active);
      const kept = new Set(others.slice(-(keep - 1)));
      for (const number of others) if (!kept.has(number)) versions.delete(number);
      const used = new Set(
        [...versions.values()].flatMap(({ version, entries }) =>
          entries.map(({ contentHash }) => embeddingKey(version.embeddingModel, contentHash)),
        ),
      );
      for (const key of embeddings.keys()) if (!used.has(key)) embeddings.delete(key);
    },
    withLock(purpose, work) {
      const turn = (locks.get(purpose) ?? Promise.resolve()).then(work);
      locks.set(
        purpose,
        turn.catch(() => {}),
      );
      return turn;
    },
  };
}

export function createMemoryKnowledgeSignal(): KnowledgeSignal {
  let active: number | undefined;
  const served = new Set<number>();
  return {
    findActiveVersion: async () => active,
    async publishActiveVersion(version) {
      active = version;
    },
    async markServed(version) {
      served.add(version);
    },
    findServed: async (versions) => versions.filter((version) => served.has(version)),
  };
}
