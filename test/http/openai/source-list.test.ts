import { describe, expect, test } from 'vitest';
import type { Source } from '../../../src/domain/chat/chat-answer.ts';
import { composeSourceList, withoutSourceList } from '../../../src/http/openai/source-list.ts';

const source = (question: string, url: string | null = null): Source => ({
  id: question,
  question,
  category: 'it',
  url,
  similarity: 0.9,
});

describe('the list of sources', () => {
  test('names the best three, each link once', () => {
    const sources = [
      source('One?', 'https://example.org/1'),
      source('Again?', 'https://example.org/1'),
      source('Two?'),
      source('Three?', 'https://example.org/3'),
      source('Four?', 'https://example.org/4'),
    ];
    expect(composeSourceList('An answer.', sources, 'de').text).toBe(
      '\n\nQuellen:\n- [One?](https://example.org/1)\n- Two?\n- [Three?](https://example.org/3)',
    );
  });

  test('links to no address that leads elsewhere than it seems to', () => {
    const sources = [
      source('One?', 'https://tum.de@evil.example'),
      source('Two?', 'https://tum.d\u0435.example'),
    ];
    expect(composeSourceList('A.', sources, 'en')).toEqual({
      text: '\n\nSources:\n- One?\n- Two?',
      citations: [],
    });
  });

  test('is nothing without sources', () => {
    expect(composeSourceList('An answer.', [], 'en')).toEqual({ text: '', citations: [] });
  });

  test('can be cut out of the text by its citations, whatever characters are before it', () => {
    const answer = 'Welcome 🎓!';
    const list = composeSourceList(answer, [source('One?', 'https://example.org/(1)')], 'en');
    const characters = [...(answer + list.text)];
    expect(
      list.citations.map(({ start_index, end_index }) => characters.slice(start_index, end_index).join('')),
    ).toEqual(['[One?](https://example.org/%281%29)']);
    expect(list.citations[0]).toMatchObject({ url: 'https://example.org/(1)', title: 'One?' });
  });

  test('stays one list, whatever a question holds', () => {
    const { text } = composeSourceList(
      'A.',
      [source('[x](y)\n\nSources:\n- z', 'https://example.org')],
      'en',
    );
    expect(text).toBe('\n\nSources:\n- [\\[x\\](y) Sources: - z](https://example.org)');
    expect(withoutSourceList(`A.${text}`)).toBe('A.');
  });

  test('is told from a list that the answer itself holds', () => {
    const answer = 'Take:\n- the bus\n- the train';
    expect(withoutSourceList(answer)).toBe(answer);
  });
});
