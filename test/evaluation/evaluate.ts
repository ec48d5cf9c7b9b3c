import { readFile } from 'node:fs/promises';
import type { Confidence } from '../../src/domain/retrieval/confidence.ts';
import { searchMethods } from '../../src/domain/retrieval/search-method.ts';
import { createMeasuredModel, printBands } from './confidence-bands.ts';
import { printRecall, rankQuestions, readEverydayQuestions } from './everyday-questions.ts';
import { measureHeldOut, printHeldOut } from './held-out-figures.ts';
import { createShippedSearch } from './shipped-search.ts';

/** A question with the entries that answer it, any of which will do; none when the knowledge base cannot. */
interface EvaluationQuestion {
  kind: string;
  question: string;
  expected: string[];
  previous?: string;
}

interface Tally {
  questions: number;
  first: number;
  firstThree: number;
  confidence: Record<Confidence, number>;
}

const topK = 3;
const newTally = (): Tally => ({
  questions: 0,
  first: 0,
  firstThree: 0,
  confidence: { high: 0, low: 0, none: 0 },
});

const toPercent = (part: number, whole: number) => Math.round((1000 * part) / whole) / 10;

function formatTally({ questions, first, firstThree, confidence }: Tally) {
  return {
    questions,
    'recall@1': toPercent(first, questions),
    'recall@3': toPercent(firstThree, questions),
    ...confidence,
  };
}

const isBandsRun = process.argv.includes('--embedding');
const [knowledgePath = 'infra/knowledge', questionsPath = 'test/evaluation/questions.json'] = process.argv
  .slice(2)
  .filter((argument) => argument !== '--embedding');
const questions: EvaluationQuestion[] = JSON.parse(await readFile(questionsPath, 'utf8'));
const embeddingModel = isBandsRun ? createMeasuredModel(process.env) : undefined;
const shipped = await createShippedSearch(knowledgePath, embeddingModel);
if (embeddingModel) await printBands(shipped, questions, embeddingModel.name);

for (const method of searchMethods) {
  const tallies = new Map<string, Tally>();
  for (const { kind, question, expected, previous } of questions) {
    const { results, confidence } = await shipped.search({
      query: question,
      method,
      topK,
      previousQuestion: previous,
    });
    const rank = results.findIndex(({ entry }) => expected.includes(entry.id));
    for (const name of [kind, ...(expected.length > 0 ? ['all answerable'] : [])]) {
      const tally = tallies.get(name) ?? newTally();
      tally.questions += 1;
      tally.first += rank === 0 ? 1 : 0;
      tally.firstThree += rank === -1 ? 0 : 1;
      tally.confidence[confidence] += 1;
      tallies.set(name, tally);
    }
    if (method === 'hybrid' && expected.length > 0 && rank === -1) {
      console.log(`missed: ${question} -> ${results.map(({ entry }) => entry.id).join(', ')}`);
    }
  }
  console.log(`\n${method}`);
  console.table(Object.fromEntries([...tallies].map(([kind, tally]) => [kind, formatTally(tally)])));
}
if (process.argv.length === 2) {
  printRecall(await rankQuestions(shipped, await readEverydayQuestions('knowledge-questions')));
  printHeldOut(await measureHeldOut(shipped));
}
await shipped.close();
