import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  printRecall,
  type RankedQuestion,
  rankQuestions,
  readEverydayQuestions,
  recallAt,
} from './everyday-questions.ts';
import { measureHeldOut, printHeldOut } from './held-out-figures.ts';
import { createShippedSearch, type ShippedSearch } from './shipped-search.ts';

/** Embedding all entries and questions takes half a minute of processor time: minutes, beside other tests. */
const rankingTimeoutMs = 300_000;

let search: ShippedSearch;
let ranked: RankedQuestion[];

beforeAll(async () => {
  search = await createShippedSearch('infra/knowledge');
  ranked = await rankQuestions(search, await readEverydayQuestions('held-out-questions'));
  printRecall(ranked);
}, rankingTimeoutMs);
afterAll(() => search.close());

test('of the held-out questions, nine in ten find their entry among the best three', () => {
  expect(recallAt(3, ranked, 'all')).toBeGreaterThanOrEqual(0.9);
});

test('of the German ones over the English entries, 85 in a hundred do', () => {
  expect(recallAt(3, ranked, 'German')).toBeGreaterThanOrEqual(0.85);
});

test(
  'of the held-out halves, questions find their entry, and crisis and danger are noticed',
  async () => {
    const figures = await measureHeldOut(search);
    printHeldOut(figures);
    expect(figures.recallAtThree.all).toBeGreaterThanOrEqual(0.85);
    expect(figures.sureOfUnanswerable).toBeLessThanOrEqual(0.1);
    expect(figures.crisisNoticed).toBeGreaterThanOrEqual(0.75);
    expect(figures.falseAlarms).toBeLessThanOrEqual(0.02);
  },
  rankingTimeoutMs,
);
