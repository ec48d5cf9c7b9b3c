import { setTimeout as delay } from 'node:timers/promises';
import { isDependencyError } from '../errors.ts';
import type { AnswerCache, AnswerTicket } from './answer-cache.ts';
import type { ChatAnswer } from './chat-answer.ts';

const pollMs = 100;

/**
 * Many asking the same at once cause one model call: one caller becomes the writer (undefined is returned), the others
 * wait here for its answer, until `untilMs` on the clock of `performance.now()` at most. `ticket` is what the caller
 * already knows.
 */
export async function waitForAnswer(
  cache: AnswerCache,
  key: string,
  owner: string,
  ticket: AnswerTicket | undefined,
  untilMs: number,
  signal: AbortSignal,
): Promise<ChatAnswer | undefined> {
  try {
    let current = ticket ?? (await cache.acquire(key, owner));
    while (current.state === 'busy' && performance.now() < untilMs) {
      await delay(pollMs, undefined, { signal });
      current = await cache.acquire(key, owner);
    }
    return current.state === 'cached' ? current.answer : undefined;
  } catch (error) {
    if (isDependencyError(error, 'redis')) return undefined;
    throw error;
  }
}
