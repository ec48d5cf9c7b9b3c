import { type DependencyFailure, isDependencyError } from '../errors.ts';
import { type LanguageModel, type ModelUsage, noUsage, UnfinishedReplyError } from './language-model.ts';

/** How one call to a model ended. `aborted`: the asker went away, or its time was up elsewhere. */
export type CallOutcome = 'ok' | 'aborted' | 'error' | DependencyFailure;

export interface ModelCall extends ModelUsage {
  model: string;
  outcome: CallOutcome;
  durationMs: number;
  /** Until the first text; undefined if none came. */
  firstTextMs: number | undefined;
  /** 1 for the first call of an answer, higher for retries and fallbacks. */
  attempt: number;
}

/** Reports every call, once, when it has ended. */
export function createObservedModel(
  model: LanguageModel,
  name: string,
  onCall: (call: ModelCall) => void,
): LanguageModel {
  return {
    async *generate(prompt, options) {
      const startedAt = performance.now();
      let firstTextMs: number | undefined;
      let outcome: CallOutcome = 'aborted';
      let usage = noUsage;
      try {
        for await (const event of model.generate(prompt, options)) {
          if (event.type === 'text') firstTextMs ??= performance.now() - startedAt;
          if (event.type === 'finish') {
            outcome = 'ok';
            usage = event.usage;
          }
          yield event;
        }
      } catch (error) {
        if (error instanceof UnfinishedReplyError) usage = error.usage;
        if (isDependencyError(error)) outcome = error.reason;
        else if (!options.signal.aborted) outcome = 'error';
        throw error;
      } finally {
        const durationMs = performance.now() - startedAt;
        onCall({ model: name, outcome, durationMs, firstTextMs, ...usage, attempt: options.attempt ?? 1 });
      }
    },
  };
}
