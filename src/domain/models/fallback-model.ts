import { setTimeout as sleep } from 'node:timers/promises';
import { type DependencyError, isDependencyError } from '../errors.ts';
import type { LanguageModel } from './language-model.ts';

export interface FallbackOptions {
  /** Which failures of the first model the second one may mend. */
  when: (failure: DependencyError) => boolean;
  /** Pause before the second model starts; 0 unless told. */
  delayMs?: () => number;
  /** With less time than this left before the deadline, the first model's failure stands. */
  minimumRemainingMs: number;
  now?: () => number;
}

/**
 * Asks the second model when the first one fails. Text of the first try is voided by a `restart`, which comes only
 * with the first event of the second try, so that a reader keeps what is there while waiting.
 */
export function createFallbackModel(
  first: LanguageModel,
  second: LanguageModel,
  { when, delayMs = () => 0, minimumRemainingMs, now = () => performance.now() }: FallbackOptions,
): LanguageModel {
  return {
    async *generate(prompt, options) {
      let hasText = false;
      try {
        for await (const event of first.generate(prompt, options)) {
          if (event.type !== 'finish') hasText = event.type === 'text';
          yield event;
        }
        return;
      } catch (error) {
        if (options.signal.aborted || !isDependencyError(error, 'gemini') || !when(error)) throw error;
        const pauseMs = delayMs();
        const remainingMs = (options.deadlineAt ?? Number.POSITIVE_INFINITY) - now() - pauseMs;
        if (remainingMs < minimumRemainingMs) throw error;
        if (pauseMs > 0) await pause(pauseMs, options.signal);
      }
      for await (const event of second.generate(prompt, {
        ...options,
        attempt: (options.attempt ?? 1) + 1,
      })) {
        if (hasText && event.type === 'text') yield { type: 'restart' };
        hasText = false;
        yield event;
      }
    },
  };
}

async function pause(durationMs: number, signal: AbortSignal) {
  await sleep(durationMs, undefined, { signal }).catch(() => signal.throwIfAborted());
}
