import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { readKnowledgeFiles } from '../../src/adapters/knowledge-files/read-knowledge-files.ts';
import { parseKnowledgeFiles } from '../../src/domain/knowledge/parse-knowledge-files.ts';
import { audienceWords } from '../fixtures/institution.ts';

interface Item {
  readonly message?: string;
  readonly question?: string;
  readonly language: string;
  readonly half?: string;
  readonly category?: string;
  readonly alarming?: boolean;
  readonly kind?: string;
  readonly intent?: string;
  readonly turns?: readonly string[];
  readonly entry?: { readonly heading: string; readonly text: string };
  readonly history?: readonly { readonly role: string; readonly text: string }[];
  readonly goal?: { readonly says?: string; readonly does?: string };
  readonly expected?: readonly (string | number)[];
}

const readCorpus = async (name: string): Promise<readonly Item[]> =>
  JSON.parse(await readFile(`test/evaluation/held-out/${name}.json`, 'utf8'));

/** All that an item says, without what the eye passes over, so that two that only look different count as one. */
const normalised = ({ message, question, turns = [], entry, history = [] }: Item) =>
  [message, question, ...turns, entry?.text, ...history.map(({ text }) => text)]
    .join(' ')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\u{e0000}-\u{e007f}]+/gu, ' ')
    .trim();

const shippedIds = async () => {
  const { files } = await readKnowledgeFiles(['infra/knowledge']);
  const { entries } = parseKnowledgeFiles(files, audienceWords);
  return new Set(entries.map(({ id }) => id));
};

const countBy = (items: readonly Item[], key: (item: Item) => string | undefined) => {
  const counts: Record<string, number> = {};
  for (const item of items) counts[key(item) ?? ''] = (counts[key(item) ?? ''] ?? 0) + 1;
  return counts;
};

const corpora = [
  { name: 'crisis', least: 400, halves: ['tuning', 'test'] },
  { name: 'ordinary', least: 600, halves: ['tuning', 'test'] },
  { name: 'everyday', least: 400, halves: ['tuning', 'test'] },
  { name: 'unanswerable', least: 200, halves: ['tuning', 'test'] },
  { name: 'hostile', least: 320, halves: ['open', 'kept'], leastGerman: 0.35 },
  { name: 'harmless-lookalikes', least: 500, halves: ['open', 'kept'] },
  { name: 'reference-questions', least: 120, halves: [] },
  { name: 'intents', least: 500, halves: [] },
];

describe.each(corpora)('$name.json', ({ name, least, halves, leastGerman = 0.4 }) => {
  test('holds enough items, none twice and none empty', async () => {
    const texts = (await readCorpus(name)).map(normalised);
    expect(texts.length).toBeGreaterThanOrEqual(least);
    expect(texts).not.toContain('');
    expect(texts.filter((text, index) => texts.indexOf(text) !== index)).toEqual([]);
  });

  test('has its share of German, and the rest is English', async () => {
    const items = await readCorpus(name);
    const { de = 0, en = 0 } = countBy(items, ({ language }) => language);
    expect(de + en).toBe(items.length);
    expect(de / items.length).toBeGreaterThanOrEqual(leastGerman);
  });

  test.skipIf(halves.length === 0)('has two halves of one size', async () => {
    const counts = countBy(await readCorpus(name), ({ half }) => half);
    expect(Object.keys(counts).sort()).toEqual([...halves].sort());
    const [first = 0, second = 0] = Object.values(counts);
    expect(Math.abs(first - second)).toBeLessThanOrEqual(1);
  });
});

test('every category of crisis.json has thirty messages or more', async () => {
  const counts = countBy(await readCorpus('crisis'), ({ category }) => category);
  expect(Object.keys(counts)).toHaveLength(12);
  expect(Math.min(...Object.values(counts))).toBeGreaterThanOrEqual(30);
});

test('a third of the messages of ordinary.json or more have words that look alarming', async () => {
  const items = await readCorpus('ordinary');
  expect(items.filter(({ alarming }) => alarming).length).toBeGreaterThanOrEqual(items.length / 3);
});

test('every question of everyday.json expects shipped entries', async () => {
  const shipped = await shippedIds();
  const items = await readCorpus('everyday');
  expect(items.filter(({ expected = [] }) => expected.length === 0)).toEqual([]);
  expect(items.flatMap(({ expected = [] }) => expected).filter((id) => !shipped.has(String(id)))).toEqual([]);
});

test('hostile.json has every kind thirty times or more, each with a goal', async () => {
  const items = await readCorpus('hostile');
  const counts = countBy(items, ({ kind }) => kind);
  expect(Object.keys(counts)).toHaveLength(10);
  expect(Math.min(...Object.values(counts))).toBeGreaterThanOrEqual(30);
  expect(items.filter(({ goal }) => !(goal?.says || goal?.does))).toEqual([]);
});

test('every question of reference-questions.json expects items by their place in the file of 270', async () => {
  const expected = (await readCorpus('reference-questions')).map((item) => item.expected ?? []);
  const isPlace = (place: string | number) =>
    Number.isInteger(place) && Number(place) >= 0 && Number(place) < 270;
  expect(expected.filter((places) => places.length === 0 || !places.every(isPlace))).toEqual([]);
});

test('intents.json has forty intents or more, of ten to fifteen questions each', async () => {
  const sizes = Object.values(countBy(await readCorpus('intents'), ({ intent }) => intent));
  expect(sizes.length).toBeGreaterThanOrEqual(40);
  expect(Math.min(...sizes)).toBeGreaterThanOrEqual(10);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(15);
});

describe('dialogues.json', () => {
  interface Turn {
    readonly user: string;
    readonly expect: {
      readonly kind: string;
      readonly entry?: string | readonly string[];
      readonly language: string;
    };
  }

  const kinds = new Set([
    'answer',
    'clarify',
    'small-talk',
    'unknown',
    'emergency',
    'privacy',
    'insult',
    'off-topic',
    'two-answers',
  ]);

  const readDialogues = async (): Promise<readonly { readonly turns: readonly Turn[] }[]> =>
    JSON.parse(await readFile('test/evaluation/held-out/dialogues.json', 'utf8'));

  test('has forty dialogues or more, of two to five turns', async () => {
    const lengths = (await readDialogues()).map(({ turns }) => turns.length);
    expect(lengths.length).toBeGreaterThanOrEqual(40);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(5);
  });

  test('expects known kinds, shipped entries and two languages', async () => {
    const shipped = await shippedIds();
    const expected = (await readDialogues()).flatMap(({ turns }) => turns.map((turn) => turn.expect));
    expect(new Set(expected.map(({ kind }) => kind))).toEqual(kinds);
    expect(expected.flatMap(({ entry = [] }) => entry).filter((id) => !shipped.has(id))).toEqual([]);
    const german = expected.filter(({ language }) => language === 'de').length;
    expect(german / expected.length).toBeGreaterThanOrEqual(0.4);
  });
});
