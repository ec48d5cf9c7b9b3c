import { expect, test } from 'vitest';
import { readKnowledgeFiles } from '../../src/adapters/knowledge-files/read-knowledge-files.ts';
import { parseKnowledgeFiles } from '../../src/domain/knowledge/parse-knowledge-files.ts';
import { readEverydayQuestions } from './everyday-questions.ts';

test('every entry that an everyday question expects is in the shipped knowledge base', async () => {
  const { entries } = parseKnowledgeFiles(await readKnowledgeFiles(['infra/knowledge']));
  const shippedIds = new Set(entries.map(({ id }) => id));
  const expectedIds = (await readEverydayQuestions()).flatMap(({ expected }) => expected);
  expect(expectedIds.filter((id) => !shippedIds.has(id))).toEqual([]);
});
