import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type KnowledgeFault, KnowledgeFaultsError } from '../../../src/domain/knowledge/knowledge-fault.ts';
import { parseKnowledgeFiles } from '../../../src/domain/knowledge/parse-knowledge-files.ts';
import { audienceWords } from '../../fixtures/institution.ts';

const folder = join(import.meta.dirname, 'cases');

function read(name: string) {
  const path = readdirSync(folder).find((each) => each.startsWith(name)) ?? name;
  const lines = (faults: readonly KnowledgeFault[]) =>
    faults.map(({ place, message }) => `${place.replace(path, '')}: ${message}`.replace(/^:(?=\d)/, ''));
  try {
    const parsed = parseKnowledgeFiles([{ path, bytes: readFileSync(join(folder, path)) }], audienceWords);
    return { entries: parsed.entries, notes: lines(parsed.warnings), faults: [] };
  } catch (error) {
    if (!(error instanceof KnowledgeFaultsError)) throw error;
    return { entries: [], notes: [], faults: lines(error.faults) };
  }
}

const library = {
  id: 'bib-verl',
  question: 'Wie verlängere ich ein Buch?',
  answer: 'Im Katalog unter „Mein Konto“ – bis zu 5-mal, danach kostet es 2 €.',
  language: 'de',
};

describe('files as people write them are read', () => {
  it.each([
    ['csv-01', [library]],
    ['csv-03', [library]],
    ['csv-04', [{ id: 'mensa-1' }]],
    ['csv-07', [{ answer: 'Yes, every day, at counters 1, 2, 3, 4, 5 and 6.' }, { answer: 'No.' }]],
    ['csv-08', [{ answer: 'Level 1\nLevel 2 for staff' }]],
    ['csv-10', [{ language: 'de' }, { language: 'en' }]],
    ['csv-11', [{ answer: 'Monday 9-12\nTuesday 13-16\nWednesday closed\nArcisstr. 21\n80333 München' }]],
    ['csv-13', [{ question: 'Who hands out the Zorblax key?' }, { answer: 'The technical service.' }]],
    ['json-01', [{ url: null, keywords: [], roles: [], campuses: [], language: 'en' }]],
    ['json-03', [{ id: '17' }]],
    ['json-04', [{ id: 'a1' }, { id: 'a2' }]],
    [
      'json-07',
      [
        {
          answer:
            'Please use the [return form](https://www.tum.de/wumpel).\n\n- Fill it in\n- Print & sign it\n\n' +
            'Öffnungszeiten: 9–12 Uhr',
        },
      ],
    ],
    [
      'json-08',
      [
        {
          question: 'Wo ist das Prüfungsbüro Klamauk?',
          answer: 'Im Gebäude 5 – 2. Stock.',
          category: 'Prüfungen',
        },
      ],
    ],
    ['json-09', [{ id: 'nfd1' }]],
    [
      'json-12',
      [
        { roles: ['student'], campuses: ['Garching'], language: 'de' },
        { roles: ['employee'], campuses: ['Munich'], language: 'de' },
      ],
    ],
    ['json-13', [{ id: 'a1' }]],
    ['json-14', [{ answer: 'Behind the main gate.\u2028Take the stairs.' }]],
    ['md-01', [{ question: 'Can I eat in the Blorptower reading room?', answer: 'No.' }]],
    ['md-03', [{ answer: 'At the desk.' }, { answer: 'Use the printer in the basement.' }]],
    ['md-05', [{ answer: '5 EUR since 2026.' }, { answer: 'The shop.' }]],
    ['md-06', [{ answer: expect.stringContaining('plonkd``` and wait.') }, {}, { answer: 'In /var/log.' }]],
    ['md-09', [{ question: 'How do I clean a Gronk?' }]],
    [
      'md-10',
      [{ question: 'How do I paint a Gronk?', id: expect.stringContaining('-how-do-i-paint-a-gronk-') }],
    ],
    ['md-11', [{ category: '2026', keywords: ['112', '2FA', 'yes'] }]],
    ['md-12', [{ category: 'Library' }]],
    ['md-14', [{ question: 'How do I reset the Vorpal password?' }]],
    ['md-16', [{ question: '1. What is C#?' }, { question: 'What is F#' }]],
    ['md-19', [{ question: 'How do I fold a Gronk?', category: 'IT' }]],
    ['md-20', [{ question: 'How do I bend a Gronk?', category: 'IT' }]],
  ])('%s', (name, expected) => {
    const { entries, faults } = read(name);
    expect(faults).toEqual([]);
    expect(entries).toEqual(expected.map((entry) => expect.objectContaining(entry)));
  });
});

describe('what was read otherwise, or became no entry, is told', () => {
  it.each([
    ['csv-01', [/is not UTF-8 and was read as Windows-1252/]],
    ['csv-04', []],
    ['csv-13', [/^1: column "nr" is not known/, /^1: column "last_change" is not known/]],
    ['json-07', [/answer holds HTML \(p, a, ul, li\), which was turned into Markdown$/]],
    ['json-12', []],
    ['md-01', []],
    ['md-03', [/^5: "Library" is a title/, /^11: "Printing" is a title/, /^13: text before a question/]],
    ['md-05', [/^9: a comment is left out, with "How much is a Trimbolo for guests\?"/, /holds a comment/]],
    ['md-09', [/^9: is no question without a space after ##; write "## How do I dry a Gronk\?"/]],
    ['md-12', [/^2: "title" is not a field/, /^3: "sidebar_position"/, /^4: "tags"/]],
  ])('%s', (name, expected) => {
    expect(read(name).notes).toEqual(expected.map((note) => expect.stringMatching(note)));
  });
});

describe('what cannot be read is refused with one sentence that says what to do', () => {
  it.each([
    [
      'csv-12',
      '2: has 5 cells, where the first row names 4 columns: put a text that holds ";" between double quotes',
    ],
    ['csv-17', '1: the column names stand in line 3: remove the lines above them'],
    ['json-05', '4: is not JSON: a comma stands before ], where nothing follows; remove it'],
    [
      'json-11',
      '1: must hold a list "documents", and holds "faq": put the entries of all its lists into that one',
    ],
    ['md-07', '7: the code that begins here (```sh) is never closed'],
    [
      'md-13',
      '1: holds no question: write "## Where do I get a Snorkbadge?" with two number signs above each answer',
    ],
    ['md-18', /^9: question "Contact" stands at .*:5 already: word it otherwise, or give each an id$/],
  ])('%s', (name, fault) => {
    const { faults } = read(name);
    expect(faults).toEqual([typeof fault === 'string' ? fault : expect.stringMatching(fault)]);
  });
});
