import { afterAll, expect, test } from 'vitest';
import { createLocalEmbeddingModel } from '../../src/adapters/local-embedding/embedding-model.ts';
import { loadEnglishWords } from '../../src/adapters/local-embedding/english-words.ts';
import { vocabulary } from '../fixtures/institution.ts';

const model = createLocalEmbeddingModel(vocabulary);
afterAll(() => model.close());

const multiply = (one: readonly number[], other: readonly number[]) =>
  one.reduce((sum, value, position) => sum + value * (other[position] ?? 0), 0);

test('gives one unit vector of 512 numbers per text, in order, whatever the text', async () => {
  const texts = ['Where can I eat?', '', 'x'.repeat(50_000), '😀 Übergrößenträger', 'Where can I eat?'];
  const embeddings = await model.embedQueries(texts);
  expect(embeddings.map(({ length }) => length)).toEqual(texts.map(() => 512));
  for (const embedding of embeddings) expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
  expect(multiply(embeddings[0] ?? [], embeddings[4] ?? [])).toBeCloseTo(1, 4);
});

test('texts of like meaning are nearer than others', async () => {
  const [canteen, food, password] = await model.embedDocuments([
    'Where is the canteen?',
    'Where can I have lunch?',
    'How do I reset my password?',
  ]);
  expect(multiply(canteen ?? [], food ?? [])).toBeGreaterThan(multiply(canteen ?? [], password ?? []));
});

test('a document is near each of its phrasings, however many languages they are in', async () => {
  const phrasings = ['How do I borrow a book?', 'Wie leihe ich ein Buch aus?'];
  const [borrow, park] = await model.embedDocuments([phrasings.join('\n'), 'Where can I park?']);
  const questions = await model.embedQueries(['borrow a book', 'How can I borrow books?']);
  for (const question of questions) {
    expect(multiply(borrow ?? [], question)).toBeGreaterThan(multiply(park ?? [], question) + 0.2);
  }
});

test('documents of different length keep their order', async () => {
  const [alone] = await model.embedDocuments(['Where can I eat?']);
  const [, second] = await model.embedDocuments(['One thing.\nAnother, longer thing.', 'Where can I eat?']);
  expect(multiply(alone ?? [], second ?? [])).toBeCloseTo(1, 4);
});

test('the event loop stays free while it works', async () => {
  let ticks = 0;
  const ticker = setInterval(() => {
    ticks += 1;
  }, 5);
  await model.embedDocuments(Array.from({ length: 16 }, (_, i) => `${i} ${'long answer text '.repeat(60)}`));
  clearInterval(ticker);
  expect(ticks).toBeGreaterThan(5);
});

test('an aborted call ends at once, and the next one works', async () => {
  const abort = new AbortController();
  const pending = model.embedDocuments(Array(64).fill('some text to embed'), abort.signal);
  abort.abort(new Error('gone'));
  await expect(pending).rejects.toThrow('gone');
  expect(await model.embedQueries(['still there?'])).toHaveLength(1);
});

test('starts again after it was closed', async () => {
  await model.close();
  expect(await model.embedQueries(['again'])).toHaveLength(1);
});

test('knows common English words', async () => {
  const words = await loadEnglishWords();
  expect(words.has('weather')).toBe(true);
  expect(words.has('wether')).toBe(false);
});
