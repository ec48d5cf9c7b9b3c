import { isDependencyError } from '../errors.ts';
import { ensureIndexed } from './ensure-indexed.ts';
import type { KnowledgeVersion } from './knowledge-entry.ts';
import type { KnowledgeSignal, KnowledgeSnapshot, KnowledgeStore } from './knowledge-store.ts';
import type { VectorIndex } from './vector-index.ts';

/** Whether the vectors of the version that is served can be searched. */
export type IndexState = 'unknown' | 'ready' | 'rebuilding' | 'unreachable';

/** What is worth a line in the log; each is reported once per change. */
export type LiveKnowledgeEvent =
  | { type: 'swapped'; version: KnowledgeVersion; source: 'postgres' | 'chroma' }
  | { type: 'index-rebuilt'; version: number }
  /** Its embedding model is not at hand here, so that the version before it stays. */
  | { type: 'held-back'; version: KnowledgeVersion }
  | { type: 'reembedded'; from: string; to: string }
  | { type: 'failing'; task: Task; error: unknown }
  | { type: 'recovered'; task: Task };
type Task = 'load' | 'mark' | 'index' | 'reembed';

export interface LiveKnowledgeDeps<View> {
  store: KnowledgeStore;
  signal: KnowledgeSignal;
  vectorIndex: VectorIndex;
  /** Builds what searches a version, aside from the one in use. */
  buildView: (snapshot: KnowledgeSnapshot) => View | Promise<View>;
  /** The model of the configuration; a live version of another model is embedded anew by `reembed`. */
  embeddingModelName: string;
  /**
   * Whether questions can be embedded by the model of that name. While replicas of two configurations run side by
   * side, each serves the newest version whose questions it can embed.
   */
  canEmbedWith: (modelName: string) => boolean;
  reembed: () => Promise<unknown>;
  onEvent?: ((event: LiveKnowledgeEvent) => void) | undefined;
  pollIntervalMs?: number | undefined;
}

export interface LiveKnowledgeStatus {
  live: KnowledgeVersion | undefined;
  index: IndexState;
  reembedding: boolean;
}

export interface LiveKnowledge<View> {
  /** The view of the live version; undefined until one could be loaded. Changes between two calls, never within one view. */
  current(): View | undefined;
  status(): LiveKnowledgeStatus;
  /** Looks once, and then again and again. Resolves after the first look, whatever it found; never throws. */
  start(): Promise<void>;
  /** Looks for a new live version, loads it, and sees to its index. Never throws. */
  poll(): Promise<void>;
  /** Ends polling. What runs in the background may be cut at any moment and is not waited for. */
  stop(): void;
}

/** Every this many polls the store is asked, whatever the signal says: it is the truth, and a signal can be lost. */
const pollsPerStoreCheck = 10;
const pollsPerIndexCheck = 3;
/** So often that a mark does not end before the next. */
const pollsPerServedMark = 5;
const pollsPerReembedTry = 30;

/** Serves one version of the knowledge base at a time, and moves to the live one without a pause. */
export function createLiveKnowledge<View>(deps: LiveKnowledgeDeps<View>): LiveKnowledge<View> {
  const { store, signal, vectorIndex, pollIntervalMs = 1000 } = deps;
  let served: { view: View; version: KnowledgeVersion } | undefined;
  let index: IndexState = 'unknown';
  let polls = 0;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  /** The version found at the start under another model; newer ones are somebody's wish and stay. */
  let foreignVersion: number | undefined;
  let markedVersion: number | undefined;
  /** The newest version that this replica cannot serve. */
  let heldBack: number | undefined;
  const background = new Set<Task>();
  const failing = new Set<Task>();

  /** Failures change nothing but what is reported: the next poll tries again. */
  async function attempt(task: Task, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      if (failing.delete(task)) deps.onEvent?.({ type: 'recovered', task });
    } catch (error) {
      if (!failing.has(task) && !isStopped) deps.onEvent?.({ type: 'failing', task, error });
      failing.add(task);
    }
  }

  function runInBackground(task: Task, work: () => Promise<void>): void {
    if (background.has(task)) return;
    background.add(task);
    void attempt(task, work).finally(() => background.delete(task));
  }

  async function findTarget(): Promise<number | undefined> {
    const signalled = await signal.findActiveVersion().catch(ignoreOutage);
    if (signalled !== undefined && polls % pollsPerStoreCheck !== 0) return signalled;
    const active = await store.findActive().catch(ignoreOutage);
    if (active === undefined) return signalled ?? (served ? undefined : findNewestIndexed());
    if (active.version !== signalled) {
      await signal.publishActiveVersion(active.version).catch(ignoreOutage);
    }
    return active.version;
  }

  /** With neither Redis nor Postgres to say which version is live, the newest whole one will do. */
  async function findNewestIndexed(): Promise<number | undefined> {
    for (const version of (await vectorIndex.listVersions()).toReversed()) {
      if ((await vectorIndex.findCount(version)) === version.entryCount) return version.version;
    }
    return undefined;
  }

  async function load(
    target: number,
  ): Promise<{ snapshot: KnowledgeSnapshot; source: 'postgres' | 'chroma' }> {
    try {
      return { snapshot: await store.loadSnapshot(target), source: 'postgres' };
    } catch (error) {
      if (!isDependencyError(error, 'postgres')) throw error;
      const version = (await vectorIndex.listVersions()).find((each) => each.version === target);
      if (version === undefined) throw error;
      return { snapshot: { version, entries: await vectorIndex.loadEntries(target) }, source: 'chroma' };
    }
  }

  async function followTarget(): Promise<void> {
    const target = await findTarget();
    if (target === undefined || target === served?.version.version || target === heldBack) return;
    const { snapshot, source } = await load(target);
    if (served && !deps.canEmbedWith(snapshot.version.embeddingModel)) {
      heldBack = target;
      deps.onEvent?.({ type: 'held-back', version: snapshot.version });
      return;
    }
    const view = await deps.buildView(snapshot);
    const isFirst = served === undefined;
    served = { view, version: snapshot.version };
    index = 'unknown';
    foreignVersion =
      isFirst && snapshot.version.embeddingModel !== deps.embeddingModelName ? target : undefined;
    deps.onEvent?.({ type: 'swapped', version: snapshot.version, source });
  }

  async function repairIndex(version: KnowledgeVersion): Promise<void> {
    try {
      if ((await vectorIndex.findCount(version)) !== version.entryCount) {
        index = 'rebuilding';
        if (await ensureIndexed(deps, version)) {
          deps.onEvent?.({ type: 'index-rebuilt', version: version.version });
        }
      }
      index = 'ready';
    } catch (error) {
      index = 'unreachable';
      throw error;
    }
  }

  async function reembed(from: KnowledgeVersion): Promise<void> {
    await deps.reembed();
    foreignVersion = undefined;
    deps.onEvent?.({ type: 'reembedded', from: from.embeddingModel, to: deps.embeddingModelName });
  }

  async function poll(): Promise<void> {
    await attempt('load', followTarget);
    if (served) {
      const { version } = served;
      if (markedVersion !== version.version || polls % pollsPerServedMark === 0) {
        markedVersion = version.version;
        runInBackground('mark', () => signal.markServed(version.version).catch(ignoreOutage));
      }
      if (index === 'unknown' || polls % pollsPerIndexCheck === 0) {
        runInBackground('index', () => repairIndex(version));
      }
      if (foreignVersion === version.version && polls % pollsPerReembedTry === 0) {
        runInBackground('reembed', () => reembed(version));
      }
    }
    polls += 1;
  }

  function pollLater(): void {
    if (isStopped) return;
    timer = setTimeout(() => void poll().then(pollLater), pollIntervalMs);
    timer.unref();
  }

  return {
    current: () => served?.view,
    status: () => ({ live: served?.version, index, reembedding: background.has('reembed') }),
    poll,
    async start() {
      await poll();
      pollLater();
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

/** Only outages are passed over; anything else is a bug and wants to be seen. */
function ignoreOutage(error: unknown): undefined {
  if (!isDependencyError(error)) throw error;
}
