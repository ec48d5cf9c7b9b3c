import { expect, it } from 'vitest';
import type { ConvertedDocument } from '../../../src/domain/knowledge/converted-document.ts';
import { parseKnowledgeFiles } from '../../../src/domain/knowledge/parse-knowledge-files.ts';
import { audienceWords } from '../../fixtures/institution.ts';

const document: ConvertedDocument = {
  title: 'Drucken an der TUM',
  language: 'de-DE',
  url: 'https://www.tum.de/drucken',
  sections: [
    { heading: '', level: 1, markdown: 'Stand 2026' },
    { heading: 'Drucken', level: 1, markdown: '' },
    { heading: 'Garching', level: 2, markdown: '' },
    { heading: 'Kontakt', level: 3, markdown: 'Am Schalter.' },
    { heading: 'Heilbronn', level: 2, markdown: 'In der Bibliothek.' },
    { heading: 'Kontakt', level: 3, markdown: 'Im Service Point.' },
  ],
  notes: ['loses what cannot be shown: images'],
};
const parse = (overrides: Partial<ConvertedDocument> = {}) =>
  parseKnowledgeFiles(
    [{ path: 'drucken.html', bytes: new Uint8Array(), document: { ...document, ...overrides } }],
    audienceWords,
  );

it('makes an entry of each heading with text below it, told apart by the headings above', () => {
  expect(parse().entries).toEqual([
    expect.objectContaining({ question: 'Garching: Kontakt', answer: 'Am Schalter.' }),
    expect.objectContaining({ question: 'Heilbronn', url: 'https://www.tum.de/drucken', language: 'de' }),
    expect.objectContaining({ question: 'Heilbronn: Kontakt', category: 'Drucken an der TUM' }),
  ]);
});

it('tells what became no entry', () => {
  expect(parse().warnings.map(({ place, message }) => `${place}: ${message}`)).toEqual([
    'drucken.html: loses what cannot be shown: images',
    'drucken.html: text above the first heading belongs to no question, and was left out: "Stand 2026"',
    'drucken.html "Drucken": "Drucken" has no text of its own, and is no entry',
    'drucken.html "Garching": "Garching" has no text of its own, and is no entry',
  ]);
});

it('is refused without headings', () => {
  expect(() => parse({ sections: [{ heading: '', level: 1, markdown: 'Text.' }] })).toThrow('1 fault');
});
