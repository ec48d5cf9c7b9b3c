import { DependencyError } from '../errors.ts';
import type { LanguageModel } from './language-model.ts';
import { createLinkedController } from './linked-controller.ts';

/**
 * Bounds the whole answer, with all tries and fallbacks inside, to `totalMs`, or to an earlier `deadlineAt` that the
 * caller gives; then throws `timeout`.
 */
export function createDeadlineModel(model: LanguageModel, totalMs: number): LanguageModel {
  return {
    async *generate(prompt, options) {
      const controller = createLinkedController(options.signal);
      const expire = () =>
        controller.abort(new DependencyError('gemini', 'timeout', 'No complete answer in time'));
      const nowMs = performance.now();
      const deadlineAt = Math.min(options.deadlineAt ?? Number.POSITIVE_INFINITY, nowMs + totalMs);
      const timer = setTimeout(expire, deadlineAt - nowMs);
      try {
        yield* model.generate(prompt, { ...options, signal: controller.signal, deadlineAt });
      } finally {
        clearTimeout(timer);
        controller.unlink();
      }
    },
  };
}
