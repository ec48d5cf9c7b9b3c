import { expect, test } from 'vitest';
import { readKnowledgeFiles } from '../../src/adapters/knowledge-files/read-knowledge-files.ts';
import { parseKnowledgeFiles } from '../../src/domain/knowledge/parse-knowledge-files.ts';
import { audienceWords } from '../fixtures/institution.ts';
import { questionSets, readEverydayQuestions } from './everyday-questions.ts';

test.each(questionSets)('every entry that one of the %s expects is shipped', async (set) => {
  const { files } = await readKnowledgeFiles(['infra/knowledge']);
  const { entries } = parseKnowledgeFiles(files, audienceWords);
  const shippedIds = new Set(entries.map(({ id }) => id));
  const expectedIds = (await readEverydayQuestions(set)).flatMap(({ expected }) => expected);
  expect(expectedIds.filter((id) => !shippedIds.has(id))).toEqual([]);
});
