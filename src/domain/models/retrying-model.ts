import { createFallbackModel } from './fallback-model.ts';
import type { LanguageModel } from './language-model.ts';

/** A retry needs time for a first token and a short answer, else it only delays the fallback. */
const minimumRemainingMs = 3_000;

export interface RetryOptions {
  /** Tries after the first. */
  retries: number;
  /** Upper end of the random pause before the retry (full jitter: AWS Architecture Blog, "Exponential Backoff And Jitter"). */
  maxDelayMs: number;
  random?: () => number;
}

/** Asks the same model again when it failed in a way that may pass: overload, a cut connection, garbage. */
export function createRetryingModel(
  model: LanguageModel,
  { retries, maxDelayMs, random = Math.random }: RetryOptions,
): LanguageModel {
  if (retries === 0) return model;
  return createFallbackModel(
    model,
    createRetryingModel(model, { retries: retries - 1, maxDelayMs, random }),
    {
      when: (failure) => failure.retryable,
      delayMs: () => random() * maxDelayMs,
      minimumRemainingMs,
    },
  );
}
