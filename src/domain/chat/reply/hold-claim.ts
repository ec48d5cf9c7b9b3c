import { randomBytes } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { isDependencyError } from '../../errors.ts';
import type { ChatStore, ClaimKey, CloseChat } from '../chat-store.ts';
import { keepLease } from './keep-lease.ts';

/** 128 random bits: a reply is found by its generation alone. */
export function createGenerationId(): string {
  return randomBytes(16).toString('hex');
}

/** Why an answer ends before it is whole. */
export type EarlyEnd = 'stopped' | 'abandoned' | 'lost';

/** A claim that this replica holds while it writes the answer. */
export interface HeldClaim {
  /** Names the text that is written now. */
  generation(): string;
  /** Aborts on an early end. */
  readonly signal: AbortSignal;
  endedBy(): EarlyEnd | undefined;
  end(reason: EarlyEnd): void;
  /** Begins the text again under a new generation, which is returned; undefined when the claim is another replica's. */
  restart(): Promise<string | undefined>;
  /**
   * Closes the chat: `lost` when another replica owns it by now, `unstored` when the store is out, or was when the
   * answer began: nothing of it is kept then.
   */
  close(chat: Omit<CloseChat, 'claim' | 'generation'>): Promise<'closed' | 'lost' | 'unstored'>;
  /** Gives the claim up. Never rejects: with the store away it runs out by itself. */
  abandon(): Promise<void>;
  /** Ends the renewals. */
  release(): void;
}

export interface HeldClaimOptions {
  claim: ClaimKey;
  generation: string;
  /** False where the store was out at the opening: nothing protects the answer, and nothing of it is stored. */
  isStored: boolean;
  /** After each renewal, with the time since a reader elsewhere was last there; also without a store, so that time is told. */
  onRenewed: (lastReaderMs: number | undefined) => void;
}

export function holdClaim(
  dependencies: { chatStore: ChatStore; clock: Clock },
  { claim, onRenewed, ...options }: HeldClaimOptions,
): HeldClaim {
  const { chatStore } = dependencies;
  let { generation, isStored } = options;
  let endedBy: EarlyEnd | undefined;
  const abort = new AbortController();

  function end(reason: EarlyEnd): void {
    endedBy ??= reason;
    abort.abort(new Error(`the answer was ${reason}`));
  }

  const lease = keepLease(dependencies, claim, () => (isStored ? generation : undefined), {
    onLost: () => end('lost'),
    onStopRequested: () => end('stopped'),
    onRenewed,
  });

  return {
    generation: () => generation,
    signal: abort.signal,
    endedBy: () => endedBy,
    end,
    async restart() {
      const previous = generation;
      // At once, so that a renewal under the old name, still under way, is not taken for a lost lease.
      generation = createGenerationId();
      if (!isStored) return generation;
      try {
        if (await chatStore.restart(claim, previous, generation)) return generation;
        end('lost');
        return undefined;
      } catch {
        // The store is out and forgets this answer: the claim runs out there.
        isStored = false;
        return generation;
      }
    },
    async close(chat) {
      if (!isStored) return 'unstored';
      try {
        return (await chatStore.close({ ...chat, claim, generation })) ? 'closed' : 'lost';
      } catch (error) {
        if (isDependencyError(error, 'redis')) return 'unstored';
        throw error;
      }
    },
    async abandon() {
      if (!isStored) return;
      const how = endedBy === 'stopped' ? 'stopped' : 'released';
      await chatStore.abandon(claim, generation, how).catch(() => {});
    },
    release: lease.stop,
  };
}
