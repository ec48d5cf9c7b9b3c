import { describe, expect, test } from 'vitest';
import { parseBlocks } from '../../src/web/page/parse-blocks.ts';

const typesOf = (markdown: string) => parseBlocks(markdown).map(({ type }) => type);

describe('the blocks of an answer', () => {
  test('are those of its Markdown', () => {
    expect(typesOf('# A\n\nText with **bold**.\n\n- one\n  - two\n\n> said\n\n```\ncode\n```')).toEqual(
      expect.arrayContaining(['heading', 'paragraph', 'list', 'blockquote', 'code']),
    );
  });

  test.each([
    ['quotes within each other', '> '.repeat(2000)],
    ['lists within each other', `${'- '.repeat(2000)}x`],
    ['numbers within each other', '1. '.repeat(2000)],
    [
      'lists that are indented ever further',
      Array.from({ length: 300 }, (_, at) => `${'  '.repeat(at)}- a`).join('\n'),
    ],
    ['opened emphasis', '_a'.repeat(2000)],
    ['exclamation marks', '!'.repeat(16_000)],
    ['brackets', '['.repeat(16_000)],
    ['a text longer than a model may write', 'word '.repeat(10_000)],
  ])('stay as written, every character of them, with %s', (_what, markdown) => {
    const blocks = parseBlocks(markdown);
    expect(new Set(blocks.map(({ type }) => type))).toEqual(new Set(['paragraph']));
    expect(blocks.map(({ raw }) => raw).join('')).toBe(markdown);
  });
});
