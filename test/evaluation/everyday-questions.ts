import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Search } from '../../src/domain/retrieval/search.ts';
import { audienceWords } from '../fixtures/institution.ts';

const questionSchema = z.strictObject({
  question: z.string(),
  language: z.enum(['en', 'de']),
  /** `short` is a few keywords, `long` rambles. */
  traits: z.array(z.enum(['typo', 'short', 'long'])).default([]),
  /** Entries that answer it; any will do. */
  expected: z.array(z.string()).min(1).max(3),
  campus: z.enum(audienceWords.campuses).optional(),
  role: z.enum(audienceWords.roles).optional(),
});

export type EverydayQuestion = z.infer<typeof questionSchema>;

export interface RankedQuestion {
  question: EverydayQuestion;
  /** Ids of the entries found, best first, at most three. */
  found: string[];
}

/**
 * Two hundred questions on the shipped knowledge base: `knowledge-questions` share few words with its entries,
 * `held-out-questions` are put as people mostly put them, and must never be used to tune the search or the entries.
 */
export const questionSets = ['knowledge-questions', 'held-out-questions'] as const;

export type QuestionSet = (typeof questionSets)[number];

const classes = {
  all: () => true,
  English: ({ language }) => language === 'en',
  German: ({ language }) => language === 'de',
  typo: ({ traits }) => traits.includes('typo'),
  short: ({ traits }) => traits.includes('short'),
  long: ({ traits }) => traits.includes('long'),
} satisfies Record<string, (question: EverydayQuestion) => boolean>;

export type QuestionClass = keyof typeof classes;

export async function readEverydayQuestions(set: QuestionSet): Promise<EverydayQuestion[]> {
  const url = new URL(`../fixtures/${set}.json`, import.meta.url);
  return z.array(questionSchema).parse(JSON.parse(await readFile(url, 'utf8')));
}

export function rankQuestions(
  { search }: Search,
  questions: readonly EverydayQuestion[],
): Promise<RankedQuestion[]> {
  return Promise.all(
    questions.map(async (question) => {
      const audience = { campus: question.campus, role: question.role };
      const { results } = await search({ query: question.question, method: 'hybrid', topK: 3, audience });
      return { question, found: results.map(({ entry }) => entry.id) };
    }),
  );
}

const isFound = ({ question, found }: RankedQuestion, count: number): boolean =>
  found.slice(0, count).some((id) => question.expected.includes(id));

/** Share, 0..1, of the questions of a class that have an expected entry among the best `count` of at most three. */
export function recallAt(count: number, ranked: readonly RankedQuestion[], name: QuestionClass): number {
  const members = ranked.filter(({ question }) => classes[name](question));
  return members.filter((member) => isFound(member, count)).length / members.length;
}

export function printRecall(ranked: readonly RankedQuestion[]): void {
  const rows = (Object.keys(classes) as QuestionClass[]).map((name) => [
    name,
    { 'recall@1': recallAt(1, ranked, name).toFixed(3), 'recall@3': recallAt(3, ranked, name).toFixed(3) },
  ]);
  for (const { question, found } of ranked.filter((one) => !isFound(one, 3))) {
    console.log(`missed: ${question.question} (${question.expected.join(', ')}) -> ${found.join(', ')}`);
  }
  console.log('\nhybrid, everyday questions');
  console.table(Object.fromEntries(rows));
}
