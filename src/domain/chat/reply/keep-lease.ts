import type { Clock } from '../../clock.ts';
import type { ChatStore, ClaimKey } from '../chat-store.ts';

const renewEveryMs = 500;

export interface LeaseEvents {
  /** Another replica owns the claim now: stop writing. */
  onLost(): void;
  onStopRequested(): void;
  /** After each renewal, with the time since a reader elsewhere was last there. */
  onRenewed(lastReaderMs: number | undefined): void;
}

/**
 * Keeps a claim ours while the answer is written. With the store away the writing goes on: nobody can take over then
 * either. `currentGeneration` undefined: there is no claim to keep, only time to tell.
 */
export function keepLease(
  { chatStore, clock }: { chatStore: Pick<ChatStore, 'renewLease'>; clock: Clock },
  claim: ClaimKey,
  currentGeneration: () => string | undefined,
  events: LeaseEvents,
): { stop(): void } {
  let isStopped = false;
  const endTimer = clock.every(renewEveryMs, () => void renew());

  async function renew(): Promise<void> {
    const generation = currentGeneration();
    try {
      const state = generation === undefined ? undefined : await chatStore.renewLease(claim, generation);
      if (isStopped || generation !== currentGeneration()) return;
      if (!state) events.onRenewed(undefined);
      else if (state.stopRequested) events.onStopRequested();
      else if (!state.held) events.onLost();
      else events.onRenewed(state.lastReaderMs);
    } catch {
      if (!isStopped) events.onRenewed(undefined);
    }
  }

  return {
    stop() {
      isStopped = true;
      endTimer();
    },
  };
}
