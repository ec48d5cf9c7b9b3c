import type { Confidence } from '../chat/chat-answer.ts';

interface ConfidenceBand {
  /** From here the best entry is taken for the answer. */
  high: number;
  /** From here the entries are shown as the closest ones; below, the question counts as not known. */
  low: number;
}

const bandsByScoring: Readonly<Record<string, ConfidenceBand>> = {
  local: { high: 0.52, low: 0.32 },
  'gemini-embedding-001': { high: 0.6, low: 0.45 },
  'keyword only': { high: 0.5, low: 0.25 },
};
const otherModel: ConfidenceBand = { high: 0.6, low: 0.45 };

export const rateConfidence = (similarity: number, scoring: string): Confidence => {
  const { high, low } = bandsByScoring[scoring] ?? otherModel;
  if (similarity >= high) return 'high';
  return similarity >= low ? 'low' : 'none';
};
