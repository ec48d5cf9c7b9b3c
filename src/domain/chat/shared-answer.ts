import type { Clock } from '../clock.ts';
import { isDependencyError } from '../errors.ts';
import type { AnswerCache, AnswerTicket } from './answer-cache.ts';
import type { ChatAnswer } from './chat-answer.ts';

const pollMs = 100;

/**
 * The answer to a question that others may be asking at this moment, on any replica: whoever comes first writes it, the
 * others wait for it, so that many asking at once cause one model call.
 */
export interface SharedAnswer {
  readonly key: string;
  /**
   * The finished answer, waiting for whoever writes it until `untilMs` on the clock at most. Undefined: this asker
   * writes its own. @throws the signal's reason when it aborts.
   */
  wait(untilMs: number, signal: AbortSignal): Promise<ChatAnswer | undefined>;
  /** Keeps the right to write it. */
  renew(): void;
  /** Gives the right back without an answer that could be shared: whoever waits writes its own. */
  release(): void;
}

export interface SharedAnswerDependencies {
  cache: AnswerCache;
  clock: Clock;
}

/** @param ticket what the store already said of that key */
export function createSharedAnswer(
  { cache, clock }: SharedAnswerDependencies,
  key: string,
  owner: string,
  ticket: AnswerTicket | undefined,
): SharedAnswer {
  return {
    key,
    async wait(untilMs, signal) {
      try {
        let current = ticket ?? (await cache.acquire(key, owner));
        while (current.state === 'busy' && clock.now() < untilMs) {
          await clock.sleep(pollMs, signal);
          current = await cache.acquire(key, owner);
        }
        return current.state === 'cached' ? current.answer : undefined;
      } catch (error) {
        if (isDependencyError(error, 'redis')) return undefined;
        throw error;
      }
    },
    // With the store away the right runs out by itself.
    renew: () => void cache.renew(key, owner).catch(() => {}),
    release: () => void cache.giveUp(key, owner).catch(() => {}),
  };
}
