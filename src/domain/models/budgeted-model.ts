import { DependencyError } from '../errors.ts';
import type { LanguageModel } from './language-model.ts';
import type { ModelGate } from './model-gate.ts';

/** Makes a call only when the cluster's request budget has room; else throws `throttled` without one. */
export function createBudgetedModel(
  model: LanguageModel,
  gate: Pick<ModelGate, 'tryAcquire'>,
): LanguageModel {
  return {
    async *generate(prompt, options) {
      if (!(await gate.tryAcquire())) {
        throw new DependencyError('gemini', 'throttled', 'The request budget of this minute is used up');
      }
      yield* model.generate(prompt, options);
    },
  };
}
