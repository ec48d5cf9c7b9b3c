import type { Confidence } from './confidence.ts';

interface ConfidenceBand {
  /** From here the best entry is taken for the answer. */
  high: number;
  /** From here the entries are shown as the closest ones; below, the question counts as not known. */
  low: number;
  isEstimated?: true;
}

/**
 * Bands per embedding model, as each spreads its cosines differently. `local` was measured over two knowledge bases of
 * 270 entries with 445 answerable questions in English and German, 58 plausible ones that the entries could not answer and
 * 58 off-topic ones, most of them asked of both. Of the answerable 2 % fell below `low` and 78 % were `high`; of the
 * unanswerable 31 % and 10 %; of the off-topic 96 % and none. Of 100 questions that share almost no word with their entry,
 * 24 % fell below `low`. That was with the small keyword share alone; with both, 34 of the 36 off-topic questions of
 * `npm run eval` fall below `low` and none of its 147 answerable ones. With `keyword only` it was 3 % and 73 %, 40 % and 14 %, 83 % and none, 58 %. To measure again:
 * `npm run eval`.
 * Where `isEstimated` they are not measured: the cosines of unrelated texts are higher there (about 0.55), so the bands
 * are too. `npm run eval -- --embedding` measures them where a key is.
 */
const bandsByScoring: Readonly<Record<string, ConfidenceBand>> = {
  local: { high: 0.56, low: 0.39 },
  'gemini-embedding-001': { high: 0.6, low: 0.42, isEstimated: true },
  'gemini-embedding-2': { high: 0.6, low: 0.42, isEstimated: true },
  'keyword only': { high: 0.5, low: 0.25 },
};
const otherModel: ConfidenceBand = { high: 0.6, low: 0.42, isEstimated: true };

/** @param scoring Name of the embedding model that took part, or `keyword only`. */
export const rateConfidence = (similarity: number, scoring: string): Confidence => {
  const { high, low } = bandsByScoring[scoring] ?? otherModel;
  if (similarity >= high) return 'high';
  return similarity >= low ? 'low' : 'none';
};
