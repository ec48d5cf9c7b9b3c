import { setTimeout as delayFor } from 'node:timers/promises';
import type { AdminAction, AuditQueue, AuditStore } from './admin-action.ts';

export interface AuditTrailDependencies {
  store: AuditStore;
  queue: AuditQueue;
  /** Called when an action cannot be written now and waits. */
  onDelayed: (action: AdminAction, cause: unknown) => void;
  /** Called for an action for which there is no room to wait. */
  onLost: (action: AdminAction) => void;
  now?: () => Date;
}

export interface AuditTrail {
  /** Notes an action: in the store, else in the queue, else in this process. Never throws, so that the action goes on. */
  record(action: AdminAction): Promise<void>;
  /** One round: writes what waits, and drops what is too old. @throws what store and queue throw. */
  catchUp(): Promise<void>;
  start(): void;
  /** Sends on what this process holds, `limitMs` at most. */
  stop(limitMs: number): Promise<void>;
}

export const auditRetentionDays = 400;
const dayMs = 86_400_000;
const heldLimit = 1000;
const batchSize = 100;
const intervalMs = 5000;
const retentionIntervalMs = 3_600_000;

/** Who did what as an operator, kept through outages of Postgres and of Redis. */
export function createAuditTrail(dependencies: AuditTrailDependencies): AuditTrail {
  const { store, queue, onDelayed, onLost, now = () => new Date() } = dependencies;
  const stopping = new AbortController();
  let held: AdminAction[] = [];
  let droppedAtMs = Number.NEGATIVE_INFINITY;

  function hold(action: AdminAction): void {
    if (held.length < heldLimit) held.push(action);
    else onLost(action);
  }

  async function sendHeld(): Promise<void> {
    const sent = held;
    if (sent.length === 0) return;
    await queue.append(sent);
    held = held.slice(sent.length);
  }

  async function catchUp(): Promise<void> {
    await sendHeld();
    for (;;) {
      const waiting = await queue.peek(batchSize);
      if (waiting.length === 0) break;
      await store.record(waiting.map(({ action }) => action));
      await queue.remove(waiting.map(({ queueId }) => queueId));
    }
    if (now().getTime() - droppedAtMs < retentionIntervalMs) return;
    droppedAtMs = now().getTime();
    await store.deleteBefore(new Date(droppedAtMs - auditRetentionDays * dayMs));
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      // Whatever is out is reported by those who watch it; the actions wait.
      await catchUp().catch(() => {});
      await delayFor(intervalMs, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
    }
  }

  return {
    async record(action) {
      try {
        await store.record([action]);
      } catch (cause) {
        onDelayed(action, cause);
        await queue.append([action]).catch(() => hold(action));
      }
    },
    catchUp,
    start: () => void run(),
    async stop(limitMs) {
      stopping.abort();
      await Promise.race([sendHeld().catch(() => {}), delayFor(limitMs, undefined, { ref: false })]);
      for (const action of held) onLost(action);
    },
  };
}
