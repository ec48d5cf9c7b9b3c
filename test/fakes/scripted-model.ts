import type { LanguageModel, ModelEvent } from '../../src/domain/models/language-model.ts';

export const finish: ModelEvent = {
  type: 'finish',
  model: 'scripted',
  usage: { inputTokens: 1, outputTokens: 1, thoughtTokens: 0, cachedTokens: 0 },
};

/** Plays one script per call, the last one for all further calls; an Error in a script is thrown. */
export function createScriptedModel(...scripts: (readonly (string | Error)[])[]) {
  const attempts: (number | undefined)[] = [];
  const model: LanguageModel = {
    async *generate(_prompt, { attempt, signal }) {
      const script = scripts[Math.min(attempts.length, scripts.length - 1)] ?? [];
      attempts.push(attempt);
      for (const step of script) {
        signal.throwIfAborted();
        if (step instanceof Error) throw step;
        yield { type: 'text', text: step };
      }
      yield finish;
    },
  };
  return { ...model, attempts };
}
