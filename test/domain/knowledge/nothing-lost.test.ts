import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KnowledgeFaultsError } from '../../../src/domain/knowledge/knowledge-fault.ts';
import { parseKnowledgeFiles } from '../../../src/domain/knowledge/parse-knowledge-files.ts';
import { audienceWords } from '../../fixtures/institution.ts';

/** All that a person learns of a file: its entries, and what is told of the rest. */
function readAll(path: string, text: string) {
  try {
    const { entries, warnings } = parseKnowledgeFiles(
      [{ path, bytes: new TextEncoder().encode(text) }],
      audienceWords,
    );
    return { entries, told: warnings, isRefused: false };
  } catch (error) {
    if (!(error instanceof KnowledgeFaultsError)) throw error;
    return { entries: [], told: error.faults, isRefused: true };
  }
}

const settings = { seed: 20_261_125, numRuns: 500 };

/** Pieces of Markdown that open, close and hide things. Each question is unlike any other. */
const piece = fc.constantFrom(
  'Text.',
  '```',
  '~~~',
  '````sh',
  '<!--',
  '-->',
  '<div>',
  '</div>',
  '<pre>',
  '> quoted',
  '- item',
  '    code',
  '---',
  '===',
  '# Title',
  '### Details',
  'id: x',
  '[a]: https://www.tum.de/',
  '&lt;b&gt;',
  '',
);
const heading = fc.constantFrom('## ', '##', ' ## ', '   ##  ', '> ## ', '- ## ', '\t## ', '# ', '<h2>');

describe('a file never loses a question silently', () => {
  it('in Markdown', () => {
    const part = fc.oneof(
      { arbitrary: piece.map((text) => ({ text, isQuestion: false })), weight: 2 },
      { arbitrary: heading.map((text) => ({ text, isQuestion: true })), weight: 1 },
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        const lines = parts.map(({ text, isQuestion }, i) =>
          isQuestion ? `${text}Question ${i} zyx?` : text,
        );
        const { entries, told, isRefused } = readAll(
          'x.md',
          `---\ncategory: c\n---\n${lines.join('\n\n')}\n`,
        );
        if (isRefused) return;
        for (const [i, { isQuestion, text }] of parts.entries()) {
          // Indented by a tab it is code to everybody.
          if (!isQuestion || text.startsWith('\t')) continue;
          const name = `Question ${i} zyx?`;
          const place = `x.md:${4 + 2 * i}`;
          const isEntry = entries.some(({ question }) => question === name);
          const isTold = told.some((note) => note.message.includes(name) || note.place === place);
          const isWithin = told.some(({ message }) => /within code|HTML|comment/.test(message));
          expect(isEntry || isTold || isWithin, `${name} in\n${lines.join('\n\n')}`).toBe(true);
        }
      }),
      settings,
    );
  });

  it('in tables', () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', '"', ';', ',', '\n', '\r', ' ', '|', '\t'),
      maxLength: 6,
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 8 }), fc.boolean(), (rows, quotes) => {
        const write = (text: string) => (quotes ? `"${text.replaceAll('"', '""')}"` : text);
        const lines = rows.map(([a, b], i) => [write(`Row ${i} ${a}`), write(`A${b}`), 'c'].join(';'));
        const { entries, told } = readAll('x.csv', `question;answer;category\r\n${lines.join('\r\n')}`);
        if (told.length > 0) return;
        for (const i of rows.keys()) {
          expect(entries.some(({ question }) => new RegExp(`\\bRow ${i}\\b`).test(question))).toBe(true);
        }
      }),
      settings,
    );
  });

  it('in JSON', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 6 }), (values) => {
        const documents = values.map((answer, i) => ({
          id: `d${i}`,
          question: `Q${i}?`,
          answer,
          category: 'c',
        }));
        const { entries, told } = readAll('x.json', JSON.stringify([...documents, ...values]));
        for (const [i] of values.entries()) {
          const isEntry = entries.some(({ id }) => id === `d${i}`);
          expect(isEntry || told.length > 0).toBe(true);
        }
        // A value that is no document is one fault each, or an object whose fields are told.
        expect(told.length >= values.length || values.length === 0).toBe(true);
      }),
      settings,
    );
  });
});
