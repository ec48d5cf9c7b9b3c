import { createGeminiProvider } from '../../src/adapters/gemini/provider.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import type { EmbeddingModel } from '../../src/domain/models/embedding-model.ts';
import type { Search } from '../../src/domain/retrieval/search.ts';

interface JudgedQuestion {
  question: string;
  /** Entries that answer it; none when the knowledge base cannot. */
  expected: string[];
  previous?: string;
}

/** Parts of the questions that the bands were drawn by: see src/domain/retrieval/confidence-bands.ts. */
const answerableBelowLow = 0.02;
const unanswerableAboveHigh = 0.1;

/** The model that EMBEDDING_MODEL and GEMINI_API_KEY name. @throws Error without a key. */
export function createMeasuredModel(environment: Record<string, string | undefined>): EmbeddingModel {
  const { gemini, knowledge, models } = parseConfig(environment);
  const gate = { closedForMs: () => undefined, close: () => {}, tryAcquire: async () => true };
  const provider = createGeminiProvider({ apiKeys: gemini.apiKeys, baseUrl: gemini.baseUrl, gate });
  const model = provider.embeddingModels.find(({ name }) => name === knowledge.embeddingModel);
  if (!models.isConfigured || !model)
    throw new Error('--embedding needs GEMINI_API_KEY and a model of its provider');
  return model;
}

/** Prints how similar the best entries are to questions with and without an answer, and the bands that follow. */
export async function printBands(
  { search }: Pick<Search, 'search'>,
  questions: readonly JudgedQuestion[],
  modelName: string,
): Promise<void> {
  const groups: Record<'answerable' | 'unanswerable', number[]> = { answerable: [], unanswerable: [] };
  for (const { question, expected, previous } of questions) {
    const { results } = await search({
      query: question,
      method: 'hybrid',
      topK: 1,
      previousQuestion: previous,
    });
    groups[expected.length > 0 ? 'answerable' : 'unanswerable'].push(results[0]?.similarity ?? 0);
  }
  const quantilesOf = (similarities: readonly number[]) =>
    Object.fromEntries(
      [0, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 1].map((part) => [part, quantile(similarities, part)]),
    );
  console.log(`${modelName}: similarity of the best entry, by the part of the questions below it`);
  console.table({
    answerable: quantilesOf(groups.answerable),
    unanswerable: quantilesOf(groups.unanswerable),
  });
  const low = quantile(groups.answerable, answerableBelowLow);
  const high = Math.max(low, quantile(groups.unanswerable, 1 - unanswerableAboveHigh));
  console.log(`bands: low ${low}, high ${high}`);
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return Math.round((sorted[Math.round(part * (sorted.length - 1))] ?? 0) * 1000) / 1000;
}
