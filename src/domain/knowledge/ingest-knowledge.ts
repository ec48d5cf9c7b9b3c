import { findUnembedded } from './embed-entries.ts';
import { ensureIndexed } from './ensure-indexed.ts';
import type { KnowledgeEntry, KnowledgeVersion } from './knowledge-entry.ts';
import { KnowledgeFaultsError } from './knowledge-fault.ts';
import type { KnowledgeSnapshot } from './knowledge-store.ts';
import { type IngestPlan, planIngest } from './plan-ingest.ts';
import { announce, type PublishDeps, publishVersion, removeLeftovers } from './publish-version.ts';
import type { HiddenQuestion } from './raw-file.ts';

export interface IngestRequest {
  entries: readonly KnowledgeEntry[];
  /** Removes live entries that `entries` does not have. */
  prune?: boolean;
  /** What looks like questions in the files and was read as none; a live entry of such a question is not removed. */
  hiddenQuestions?: readonly HiddenQuestion[];
  /** Only says what would happen. */
  dryRun?: boolean;
  /** Does nothing when any version is live. */
  ifEmpty?: boolean;
}

export interface IngestReport extends Omit<IngestPlan, 'entries'> {
  outcome: 'published' | 'unchanged' | 'planned' | 'skipped';
  /** The version that is live now. */
  live: KnowledgeVersion | undefined;
  /** Embeddings made, or to be made after a dry run. */
  embeddedCount: number;
}

export type IngestKnowledge = (request: IngestRequest) => Promise<IngestReport>;

/**
 * Brings entries into the knowledge base as a new live version, or does nothing when they, and the embedding model,
 * are what is live already. One at a time over all processes; safe to kill at any moment.
 */
export function createIngestKnowledge(deps: PublishDeps): IngestKnowledge {
  const { store, embeddingModel } = deps;

  async function loadLive(): Promise<KnowledgeSnapshot | undefined> {
    const live = await store.findActive();
    return live && store.loadSnapshot(live.version);
  }

  async function ingest(request: IngestRequest): Promise<IngestReport> {
    const live = await loadLive();
    if (request.ifEmpty && live) return skip(live.version);
    const { entries, ...changes } = planIngest(live?.entries ?? [], request.entries, request.prune ?? false);
    refuseHiddenRemovals(live?.entries ?? [], changes.removed, request.hiddenQuestions ?? []);
    if (request.dryRun) {
      const { missing } = await findUnembedded(deps, entries);
      return { outcome: 'planned', live: live?.version, embeddedCount: missing.length, ...changes };
    }
    if (live && isLiveAlready(live.version, changes)) {
      await ensureIndexed(deps, live.version);
      await announce(deps, live.version.version);
      await removeLeftovers(deps);
      return { outcome: 'unchanged', live: live.version, embeddedCount: 0, ...changes };
    }
    if (entries.length === 0) throw new Error('A knowledge base without any entry is not made live');
    const { version, embeddedCount } = await publishVersion(deps, entries);
    return { outcome: 'published', live: version, embeddedCount, ...changes };
  }

  const isLiveAlready = (live: KnowledgeVersion, changes: Omit<IngestPlan, 'entries'>) =>
    changes.added.length + changes.changed.length + changes.removed.length === 0 &&
    live.embeddingModel === embeddingModel.name &&
    live.dimension === embeddingModel.dimension;

  return (request) => (request.dryRun ? ingest(request) : store.withLock('ingest', () => ingest(request)));
}

/** A fence that was left open must not cost the entries which it swallowed. */
function refuseHiddenRemovals(
  live: readonly KnowledgeEntry[],
  removedIds: readonly string[],
  hiddenQuestions: readonly HiddenQuestion[],
): void {
  const hidden = new Map(hiddenQuestions.map(({ question, place }) => [question, place]));
  const removed = new Set(removedIds);
  const faults = live.flatMap(({ id, question }) => {
    const place = removed.has(id) ? hidden.get(question) : undefined;
    return place === undefined
      ? []
      : [{ place, message: `"${question}" (${id}) would be removed, but stands here within code` }];
  });
  if (faults.length > 0) throw new KnowledgeFaultsError(faults);
}

const skip = (live: KnowledgeVersion): IngestReport => ({
  outcome: 'skipped',
  live,
  embeddedCount: 0,
  added: [],
  changed: [],
  removed: [],
  unchanged: [],
});
