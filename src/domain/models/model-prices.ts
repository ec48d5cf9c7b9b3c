import type { ModelUsage } from './language-model.ts';

/** For a million tokens, in whatever currency the operator pays. */
export interface ModelPrice {
  input: number;
  output: number;
}

/** By the model's name. */
export type ModelPrices = ReadonlyMap<string, ModelPrice>;

const perMillion = 1_000_000;

/** 0 without a price. Cached tokens count as input, thoughts as output. */
export function costOf(
  price: ModelPrice | undefined,
  { inputTokens, outputTokens }: Pick<ModelUsage, 'inputTokens' | 'outputTokens'>,
): number {
  if (!price) return 0;
  return (inputTokens * price.input + outputTokens * price.output) / perMillion;
}
