import { DependencyError } from '../errors.ts';
import type { LanguageModel } from '../ports/language-model.ts';
import { createLinkedController } from './linked-controller.ts';

/** Bounds the whole answer, with all tries and fallbacks inside, to `totalMs`; then throws `timeout`. */
export function createDeadlineModel(model: LanguageModel, totalMs: number): LanguageModel {
  return {
    async *generate(prompt, options) {
      const controller = createLinkedController(options.signal);
      const expire = () =>
        controller.abort(new DependencyError('gemini', 'timeout', `No complete answer within ${totalMs} ms`));
      const timer = setTimeout(expire, totalMs);
      const deadlineAt = performance.now() + totalMs;
      try {
        yield* model.generate(prompt, { ...options, signal: controller.signal, deadlineAt });
      } finally {
        clearTimeout(timer);
        controller.unlink();
      }
    },
  };
}
