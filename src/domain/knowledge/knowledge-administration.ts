import { AppError } from '../errors.ts';
import { ensureIndexed } from './ensure-indexed.ts';
import type { KnowledgeEntry, KnowledgeVersion } from './knowledge-entry.ts';
import { announce, type PublishDeps, publishVersion, removeLeftovers } from './publish-version.ts';

export interface KnowledgeVersionStatus extends KnowledgeVersion {
  live: boolean;
  /** Vectors in its collection; undefined when it has none, `unknown` when Chroma is out. */
  indexedCount: number | undefined | 'unknown';
}

export interface KnowledgeAdministration {
  /** All kept versions, oldest first. @throws DependencyError `postgres` */
  listVersions(): Promise<KnowledgeVersionStatus[]>;
  /** Makes a kept version live again: a rollback. @throws AppError NOT_FOUND */
  activate(version: number): Promise<KnowledgeVersion>;
  /** Publishes the live entries once more under the configured model, index and all. @throws AppError NOT_FOUND */
  reindex(): Promise<KnowledgeVersion>;
  /** Entries of the live version. @throws AppError NOT_FOUND when there is none */
  loadLiveEntries(): Promise<readonly KnowledgeEntry[]>;
}

/** What operators do with versions. Every change takes its turn behind a running ingest. */
export function createKnowledgeAdministration(deps: PublishDeps): KnowledgeAdministration {
  const { store, vectorIndex } = deps;

  async function loadLiveEntries() {
    const live = await store.findActive();
    if (live === undefined) throw new AppError('NOT_FOUND', 'There is no knowledge base yet.');
    return (await store.loadSnapshot(live.version)).entries;
  }

  return {
    loadLiveEntries,

    async listVersions() {
      const [versions, live] = await Promise.all([store.listVersions(), store.findActive()]);
      return Promise.all(
        versions.map(async (version) => ({
          ...version,
          live: version.version === live?.version,
          indexedCount: await vectorIndex.findCount(version).catch(() => 'unknown' as const),
        })),
      );
    },

    activate: (number) =>
      store.withLock('ingest', async () => {
        const { version } = await store.loadSnapshot(number);
        await ensureIndexed(deps, version);
        await store.activate(number);
        await announce(deps, number);
        await removeLeftovers(deps);
        return version;
      }),

    reindex: () =>
      store.withLock('ingest', async () => {
        const { version } = await publishVersion(deps, await loadLiveEntries());
        return version;
      }),
  };
}
