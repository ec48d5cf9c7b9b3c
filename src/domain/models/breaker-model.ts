import { DependencyError, type DependencyFailure, isDependencyError } from '../errors.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { LanguageModel } from './language-model.ts';

/** Failures in a row that open a model's breaker. */
export const failuresToOpen = 10;

/**
 * How much a failure counts. A timeout costs its asker ten seconds, so two are enough; a model that does not exist
 * stays so. What is about one prompt (blocked, empty, truncated, rejected) or has its own gate (throttled) counts nothing.
 */
const failureWeights: Partial<Record<DependencyFailure, number>> = {
  unavailable: 1,
  timeout: failuresToOpen / 2,
  not_found: failuresToOpen,
};

/** Refuses at once, with `unavailable`, while the breaker is open. Several models may share a breaker. */
export function createBreakerModel(model: LanguageModel, breaker: CircuitBreaker): LanguageModel {
  return {
    async *generate(prompt, options) {
      const pass = breaker.enter();
      if (!pass) throw new DependencyError('gemini', 'unavailable', 'The model is resting after failures');
      let verdict: () => void = pass.cancel;
      try {
        for await (const event of model.generate(prompt, options)) {
          if (event.type === 'finish') verdict = pass.succeed;
          yield event;
        }
      } catch (error) {
        const weight = isDependencyError(error) ? failureWeights[error.reason] : undefined;
        if (weight !== undefined) verdict = () => pass.fail(weight);
        throw error;
      } finally {
        verdict();
      }
    },
  };
}
