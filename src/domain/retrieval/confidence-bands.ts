import type { Confidence } from '../chat/chat-answer.ts';

interface ConfidenceBand {
  /** From here the best entry is taken for the answer. */
  high: number;
  /** From here the entries are shown as the closest ones; below, the question counts as not known. */
  low: number;
}

/**
 * Bands per embedding model, as each spreads its cosines differently. `local` and `keyword only` were measured with 305
 * answerable questions in English and German, 32 plausible ones that the entries could not answer and 21 off-topic ones:
 * of the answerable 3 % fell below `low` and two thirds were `high`; of the unanswerable 5 were `high` and 9 below
 * `low`; of the off-topic all but one were below `low`. To measure again: `npm run eval`, which prints the bands.
 * Gemini's are an estimate, not measured: its cosines of unrelated texts are higher, so its bands are too.
 */
const bandsByScoring: Readonly<Record<string, ConfidenceBand>> = {
  local: { high: 0.52, low: 0.32 },
  'gemini-embedding-001': { high: 0.6, low: 0.42 },
  'keyword only': { high: 0.5, low: 0.25 },
};
const otherModel: ConfidenceBand = { high: 0.6, low: 0.42 };

/** @param scoring Name of the embedding model that took part, or `keyword only`. */
export const rateConfidence = (similarity: number, scoring: string): Confidence => {
  const { high, low } = bandsByScoring[scoring] ?? otherModel;
  if (similarity >= high) return 'high';
  return similarity >= low ? 'low' : 'none';
};
