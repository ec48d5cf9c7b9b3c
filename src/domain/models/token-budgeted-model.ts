import { DependencyError, type DependencyFailure, isDependencyError } from '../errors.ts';
import { type LanguageModel, type Prompt, UnfinishedReplyError } from './language-model.ts';
import type { TokenBudget } from './token-budget.ts';

/** Failures before a model has done anything that is paid for. */
const unpaid: ReadonlySet<DependencyFailure> = new Set(['throttled', 'not_found', 'rejected']);

/** A token of German or English has three bytes and more; what tags, roles and lengths take comes on top. */
const bytesPerToken = 2;
const tokensPerMessage = 16;

/** More tokens than a prompt can have, short of text that no tokenizer knows. */
export function largestInputTokens({ system, messages }: Prompt): number {
  const bytes = messages.reduce((sum, { text }) => sum + Buffer.byteLength(text), Buffer.byteLength(system));
  return Math.ceil(bytes / bytesPerToken) + tokensPerMessage * (messages.length + 1);
}

/**
 * Makes a call only when the day's budget has room for the most that it can cost; else throws `over_budget` without
 * one. Of a call that broke off, nobody says what it cost, so that all of it counts.
 */
export function createTokenBudgetedModel(
  model: LanguageModel,
  budget: TokenBudget,
  largestOutputTokens: () => number,
): LanguageModel {
  return {
    async *generate(prompt, options) {
      const largestTokens = largestInputTokens(prompt) + largestOutputTokens();
      const reservation = await budget.reserve(largestTokens);
      if (!reservation)
        throw new DependencyError('gemini', 'over_budget', 'The token budget of the day is used up');
      let spentTokens = largestTokens;
      try {
        for await (const event of model.generate(prompt, options)) {
          if (event.type === 'finish') spentTokens = event.usage.inputTokens + event.usage.outputTokens;
          yield event;
        }
      } catch (error) {
        if (error instanceof UnfinishedReplyError)
          spentTokens = error.usage.inputTokens + error.usage.outputTokens;
        else if (isDependencyError(error) && unpaid.has(error.reason)) spentTokens = 0;
        throw error;
      } finally {
        reservation.settle(spentTokens);
      }
    },
  };
}
