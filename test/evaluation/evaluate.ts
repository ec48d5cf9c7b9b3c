import { readFile } from 'node:fs/promises';
import { readKnowledgeFiles } from '../../src/adapters/knowledge-files/read-knowledge-files.ts';
import { createLocalEmbeddingModel } from '../../src/adapters/local-embedding/embedding-model.ts';
import { loadEnglishWords } from '../../src/adapters/local-embedding/english-words.ts';
import { type Confidence, searchMethods } from '../../src/domain/chat/chat-answer.ts';
import { entryEmbeddingText } from '../../src/domain/knowledge/knowledge-entry.ts';
import { parseKnowledgeFiles } from '../../src/domain/knowledge/parse-knowledge-files.ts';
import type { VectorIndex } from '../../src/domain/ports/vector-index.ts';
import { createKnowledgeView } from '../../src/domain/retrieval/knowledge-view.ts';
import { createSearch } from '../../src/domain/retrieval/search.ts';

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

/** Exact nearest neighbours in memory, so that what is measured is the retrieval and no server. */
function createExactIndex(
  ids: readonly string[],
  embeddings: readonly number[][],
): Pick<VectorIndex, 'query'> {
  const cosine = (one: readonly number[], other: readonly number[]) =>
    one.reduce((sum, value, position) => sum + value * (other[position] ?? 0), 0);
  return {
    query: async (_version, embedding, count) =>
      ids
        .map((entryId, position) => ({
          entryId,
          similarity: Math.min(1, Math.max(0, cosine(embeddings[position] ?? [], embedding))),
        }))
        .sort((a, b) => b.similarity - a.similarity)
        .slice(0, count),
  };
}

const toPercent = (part: number, whole: number) => Math.round((1000 * part) / whole) / 10;

function formatTally({ questions, first, firstThree, confidence }: Tally) {
  return {
    questions,
    'recall@1': toPercent(first, questions),
    'recall@3': toPercent(firstThree, questions),
    ...confidence,
  };
}

const [knowledgePath = 'infra/knowledge', questionsPath = 'test/evaluation/questions.json'] =
  process.argv.slice(2);
const questions: EvaluationQuestion[] = JSON.parse(await readFile(questionsPath, 'utf8'));
const { entries } = parseKnowledgeFiles(await readKnowledgeFiles([knowledgePath]));
const model = createLocalEmbeddingModel();
const embeddings = await model.embedDocuments(entries.map(entryEmbeddingText));
const version = {
  version: 1,
  embeddingModel: model.name,
  dimension: model.dimension,
  entryCount: entries.length,
  createdAt: new Date(),
};
const view = createKnowledgeView({ version, entries }, await loadEnglishWords());
const { search } = createSearch({
  knowledge: () => view,
  embedQuery: async (text) => (await model.embedQueries([text]))[0] ?? [],
  vectorIndex: createExactIndex(
    entries.map(({ id }) => id),
    embeddings,
  ),
  settings: { similarityThreshold: 0.3 },
});

for (const method of searchMethods) {
  const tallies = new Map<string, Tally>();
  for (const { kind, question, expected, previous } of questions) {
    const { results, confidence } = await search({
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
await model.close();
