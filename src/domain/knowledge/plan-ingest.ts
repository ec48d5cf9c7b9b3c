import { isDeepStrictEqual } from 'node:util';
import type { KnowledgeEntry } from './knowledge-entry.ts';

export interface IngestPlan {
  /** What the knowledge base will hold: known entries in their order, then new ones. */
  entries: KnowledgeEntry[];
  /** Ids of entries. */
  added: string[];
  changed: string[];
  removed: string[];
  unchanged: string[];
}

/** Compares files with what is live. Without `prune`, live entries that the files do not have stay. */
export function planIngest(
  live: readonly KnowledgeEntry[],
  incoming: readonly KnowledgeEntry[],
  prune: boolean,
): IngestPlan {
  const incomingById = new Map(incoming.map((entry) => [entry.id, entry]));
  const liveIds = new Set(live.map(({ id }) => id));
  const plan: IngestPlan = { entries: [], added: [], changed: [], removed: [], unchanged: [] };
  for (const known of live) {
    const wanted = incomingById.get(known.id) ?? (prune ? undefined : known);
    if (wanted === undefined) {
      plan.removed.push(known.id);
      continue;
    }
    (isDeepStrictEqual(wanted, known) ? plan.unchanged : plan.changed).push(known.id);
    plan.entries.push(wanted);
  }
  for (const entry of incoming) {
    if (liveIds.has(entry.id)) continue;
    plan.added.push(entry.id);
    plan.entries.push(entry);
  }
  return plan;
}
