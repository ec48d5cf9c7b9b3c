import { describe, expect, it } from 'vitest';
import { formatKnowledge } from '../../../src/domain/knowledge/format-knowledge.ts';
import { KnowledgeFaultsError } from '../../../src/domain/knowledge/knowledge-fault.ts';
import { parseKnowledgeFiles } from '../../../src/domain/knowledge/parse-knowledge-files.ts';
import { measureCpuMs } from '../../fixtures/cpu-time.ts';
import { audienceWords } from '../../fixtures/institution.ts';

const file = (path: string, text: string) => ({ path, bytes: new TextEncoder().encode(text) });
const parse = (path: string, text: string) => parseKnowledgeFiles([file(path, text)], audienceWords).entries;

function faultsOf(...files: { path: string; bytes: Uint8Array }[]): string[] {
  try {
    parseKnowledgeFiles(files, audienceWords);
  } catch (error) {
    if (error instanceof KnowledgeFaultsError) return error.faults.map((f) => `${f.place}: ${f.message}`);
    throw error;
  }
  return [];
}

const document = {
  id: 'mail_001',
  category: 'E-mail',
  role: 'Student, New Employee',
  campus: 'Munich, Garching',
  source: 'https://example.org/mail, Service Desk',
  question: 'How do I read my mail?',
  answer: 'In a browser.',
  content: 'Q: How do I read my mail?\nA: In a browser.',
  keywords: ['mail', 'inbox'],
};

describe('JSON', () => {
  it('is read as the operators have it, roles and campuses mapped', () => {
    expect(parse('qa.json', JSON.stringify({ documents: [document], metadata: {} }))).toEqual([
      {
        id: 'mail_001',
        question: 'How do I read my mail?',
        answer: 'In a browser.',
        category: 'E-mail',
        roles: ['student', 'employee'],
        campuses: ['Munich', 'Garching'],
        keywords: ['mail', 'inbox'],
        alternatives: [],
        url: 'https://example.org/mail',
        language: 'en',
      },
    ]);
  });

  it('that was exported comes back as the same entries', () => {
    const entries = parse(
      'qa.json',
      JSON.stringify([{ ...document, role: 'All', alternatives: ['E-Mail, wo?'] }]),
    );
    expect(parse('export.json', formatKnowledge(entries))).toEqual(entries);
  });

  const german = {
    question_de: 'Wie lese ich meine Post?',
    answer_de: 'Im Browser.',
    verified_at: '2026-11-25',
    valid_until: '31.3.2027',
  };

  it('holds German wording and days of an entry, and an export keeps them', () => {
    const entries = parse('qa.json', JSON.stringify([{ ...document, ...german }]));
    expect(entries).toEqual([
      expect.objectContaining({
        question: 'How do I read my mail?',
        questionDe: 'Wie lese ich meine Post?',
        answerDe: 'Im Browser.',
        verifiedAt: '2026-11-25',
        validUntil: '2027-03-31',
      }),
    ]);
    expect(parse('export.json', formatKnowledge(entries))).toEqual(entries);
  });

  it.each([
    [{ answer_de: undefined }, 'answer_de: answer_de is missing beside question_de'],
    [{ question_de: null }, 'question_de: question_de is missing beside answer_de'],
    [{ language: 'de' }, 'question_de: question_de is for entries in English'],
    [{ verified_at: '2026-02-30' }, 'verified_at: verified_at must be a day such as 2026-11-25'],
    [{ valid_until: '2026-11-24' }, 'valid_until: valid_until lies before verified_at'],
  ])('refuses half of a translation and impossible days: %j', (wrong, message) => {
    const text = JSON.stringify([{ ...document, ...german, ...wrong }]);
    expect(faultsOf(file('qa.json', text))).toEqual([expect.stringContaining(message)]);
  });

  it('keeps an entry whose source names no address, and warns', () => {
    const text = JSON.stringify({ documents: [{ ...document, source: 'IT Service Desk' }] });
    const { entries, warnings } = parseKnowledgeFiles([file('qa.json', text)], audienceWords);
    expect(entries[0]?.url).toBeNull();
    expect(warnings.map(({ place }) => place)).toEqual(['qa.json:1 documents[0].source']);
  });

  it('with faults names each of them by line and path', () => {
    const lines = [
      '{"documents": [',
      '{"id": "a", "question": "Q?", "answer": " ", "category": "c"},',
      '{"id": "b", "question": 5, "answer": "A", "category": "c"},',
      '{"id": "a", "question": "Q?", "answer": "A", "category": "c"},',
      '{"id": "d", "question": "Q\\u0000?", "answer": "A", "category": "c", "role": "Wizard"},',
      '{"id": "e", "question": "Q?", "answer": "A", "url": "ftp://x"},',
      '"nonsense"',
      ']}',
    ];
    const places = faultsOf(file('qa.json', lines.join('\n')));
    expect(places).toEqual([
      'qa.json:2 documents[0].answer: answer is empty',
      'qa.json:3 documents[1].question: question must be text',
      'qa.json:4 documents[2].id: id "a" is already used at qa.json:2 documents[0]',
      'qa.json:5 documents[3].question: question holds a control character or broken Unicode',
      expect.stringMatching(
        /^qa.json:5 documents\[3\].role\[0\]: role "Wizard" is not known; allowed: student/,
      ),
      'qa.json:6 documents[4].category: category is missing',
      'qa.json:6 documents[4].url: url must be an address beginning with https:// or http://',
      'qa.json:7 documents[5]: must be an object with id, question and answer',
    ]);
  });

  it.each([
    ['{"documents": [\n{"id": "a",}\n]}', 'qa.json:2: is not JSON'],
    ['{"documents": {}}', 'qa.json:1: must hold a list "documents"'],
    ['[]', 'qa.json: holds no entries'],
  ])('that is none is refused: %s', (text, message) => {
    expect(faultsOf(file('qa.json', text))).toEqual([expect.stringContaining(message)]);
  });
});

describe('Markdown', () => {
  const text = `---
category: Library
url: https://www.ub.tum.de/
roles: [student, employee]
campuses: [Munich]
---

# Library

## How do I extend a loan?

id: extend-loan
url: https://www.ub.tum.de/renewal
campuses: Garching
keywords: renew, loan
alternatives:
- Can I renew a book?
- Wie verlängere ich ein Buch, und wie oft?

In your account.

\`\`\`
## not a heading
\`\`\`

### Details

Twice.

## Where is it?
Note: this is the answer already.
`;

  it('takes defaults from the front matter, and from each entry what it says itself', () => {
    const [first, second] = parse('library.md', text);
    expect(first).toEqual({
      id: 'extend-loan',
      question: 'How do I extend a loan?',
      answer: 'In your account.\n\n```\n## not a heading\n```\n\n### Details\n\nTwice.',
      category: 'Library',
      roles: ['student', 'employee'],
      campuses: ['Garching'],
      keywords: ['renew', 'loan'],
      alternatives: ['Can I renew a book?', 'Wie verlängere ich ein Buch, und wie oft?'],
      url: 'https://www.ub.tum.de/renewal',
      language: 'en',
    });
    expect(second).toMatchObject({
      answer: 'Note: this is the answer already.',
      campuses: ['Munich'],
      url: 'https://www.ub.tum.de/',
    });
    expect(second?.id).toMatch(/^library-where-is-it-[0-9a-f]{8}$/);
  });

  it('holds the German answer below answer_de, up to the next question', () => {
    const bilingual = text.replace(
      'Twice.\n',
      'Twice.\n\nanswer_de:\n\nIm Konto.\n\n### Wie oft\n\nZweimal.\n',
    );
    const [first, second] = parse(
      'library.md',
      bilingual.replace('id: extend-loan', 'id: extend-loan\nquestion_de: Wie verlängere ich?'),
    );
    expect(first).toMatchObject({
      answer: expect.stringMatching(/Twice\.$/),
      questionDe: 'Wie verlängere ich?',
      answerDe: 'Im Konto.\n\n### Wie oft\n\nZweimal.',
    });
    expect(second).not.toHaveProperty('answerDe');
  });

  it('is the same with Windows line ends, and with a blank line between a key and its list', () => {
    const formatted = text.replace('alternatives:\n', 'alternatives:\n\n').replaceAll('\n', '\r\n');
    expect(parse('library.md', formatted)).toEqual(parse('library.md', text));
  });

  it.each([
    ['---\ncategory: [x\n---\n## Q?\nA', 'bad.md:2: front matter'],
    ['---\ncategory: c\n---\n## Q?\nurl: nowhere\n\nA', 'bad.md:5: url must be an address'],
    [
      '---\ncategory: c\n---\n## Q?\nurl: https://tum.de@evil.example\n\nA',
      'bad.md:5: url must be an address',
    ],
    ['---\ncategory: c\n---\n## Q?\nid: a\nurll: x\n\nA', 'bad.md:6: field "urll" is not known'],
    ['---\ncategory: c\n---\n## Q?\nid: a\nfree text\n\nA', 'bad.md:6: is neither "field: value"'],
    ['---\ncategory: c\n---\n## Q?\n\n## R?\nA', 'bad.md:4: answer is empty'],
    ['---\ncategory: c\nroles: wizard\n---\n## Q?\nA', 'bad.md:3: roles "wizard" is not known'],
  ])('with a fault names its line: %j', (bad, message) => {
    expect(faultsOf(file('bad.md', bad))).toEqual([expect.stringContaining(message)]);
  });
});

describe('CSV', () => {
  it('is read with commas or, as German Excel writes it, with semicolons', () => {
    const rows = [
      ['question', 'answer', 'category', 'role', 'alternatives'],
      ['Where?', '"Here\nand there"', 'Places', 'Student|Staff', 'At which place?|Wo?'],
    ];
    const [comma, semicolon] = [',', ';'].map((separator) =>
      parse('t.csv', `\uFEFF${rows.map((row) => row.join(separator)).join('\r\n')}\r\n`),
    );
    expect(comma).toEqual(semicolon);
    expect(comma?.[0]).toMatchObject({
      question: 'Where?',
      answer: 'Here\nand there',
      roles: ['student', 'employee'],
      alternatives: ['At which place?', 'Wo?'],
    });
  });

  it('has columns for German wording and days', () => {
    const rows = [
      'question;answer;category;question_de;answer_de;verified_at;valid_until',
      'Where?;Here.;Places;Wo?;Hier.;25.11.2026;',
      'Who?;You.;Places;;;;',
    ];
    const [bilingual, english] = parse('t.csv', rows.join('\n'));
    expect(bilingual).toMatchObject({ questionDe: 'Wo?', answerDe: 'Hier.', verifiedAt: '2026-11-25' });
    expect(Object.keys(english ?? {})).not.toEqual(
      expect.arrayContaining(['questionDe', 'answerDe', 'verifiedAt', 'validUntil']),
    );
  });

  it('with faults names the line on which each row begins', () => {
    const text = 'question,answer,category\n"Q\n1?","A",c\nQ2?,,c\nQ3?,A\nQ4?,A,\n';
    expect(faultsOf(file('t.csv', text))).toEqual([
      't.csv:4: answer is empty',
      't.csv:5: category is missing',
      't.csv:6: category is missing',
    ]);
  });

  it('without the columns that it needs is refused', () => {
    expect(faultsOf(file('t.csv', 'q,a\n1,2\n'))).toEqual(['t.csv:1: has no column question, answer']);
  });
});

describe('text', () => {
  const answerOf = (answer: string) => parse('x.json', JSON.stringify([{ ...document, answer }]))[0]?.answer;

  it('loses what nobody sees, and keeps emoji whole', () => {
    const question = 'How do I use edu\u200Broam\u00AD with \u202Emy\u2060 👩‍👧 and ❤️?';
    const [entry] = parse('x.json', JSON.stringify([{ ...document, question }]));
    expect(entry?.question).toBe('How do I use eduroam with my 👩‍👧 and ❤️?');
  });

  it.each([
    ['Mail &amp; more, `&uuml;` stays', 'Mail & more, `&uuml;` stays'],
    ['```\n&uuml;\n```\n\n&uuml;', '```\n&uuml;\n```\n\nü'],
    ['Write &lt;name&gt; &lt; 5 &nosuch;', 'Write &lt;name> < 5 &nosuch;'],
    ['Enter <Matrikelnummer> here', 'Enter <Matrikelnummer> here'],
    ['See <https://www.tum.de/>', 'See <https://www.tum.de/>'],
    ['One<br>two, <b>bold</b> and <script>alert(1)</script>rest', 'One\\\ntwo, **bold** and rest'],
    ['<p>A <Kennung></p>', 'A'],
    ['Text <!-- hidden --> on', 'Text on'],
    ['<table><tr><th>a</th></tr><tr><td>1</td></tr></table>', '| a |\n| - |\n| 1 |'],
  ])('in answers becomes Markdown: %j', (answer, expected) => {
    expect(answerOf(answer)).toBe(expected);
  });

  it('takes along the address of a link that stands elsewhere in the file', () => {
    const text =
      '---\ncategory: c\n---\n## Q?\n\nSee [the page][p].\n\n## R?\n\nA.\n\n[p]: https://www.tum.de/p\n';
    expect(parse('x.md', text).map(({ answer }) => answer)).toEqual([
      'See [the page](https://www.tum.de/p).',
      'A.',
    ]);
  });
});

describe('tables in the encodings of Excel', () => {
  const rows = 'question;answer;category\r\nWie heißt für dich die Größe?;Löschen wäre schön.;Übersicht\r\n';
  const encode = (letters: Record<string, number>) =>
    Uint8Array.from([...rows], (letter) => letters[letter] ?? letter.charCodeAt(0));

  it.each([
    ['UTF-16, with tabs', Buffer.from(`\uFEFF${rows.replaceAll(';', '\t')}`, 'utf16le')],
    ['Windows-1252', Buffer.from(rows, 'latin1')],
    ['MS-DOS', encode({ ß: 0xe1, ü: 0x81, ö: 0x94, ä: 0x84, Ü: 0x9a })],
    ['Macintosh', encode({ ß: 0xa7, ü: 0x9f, ö: 0x9a, ä: 0x8a, Ü: 0x86 })],
  ])('%s', (_, bytes) => {
    const { entries } = parseKnowledgeFiles([{ path: 'x.csv', bytes }], audienceWords);
    expect(entries).toEqual([
      expect.objectContaining({
        question: 'Wie heißt für dich die Größe?',
        answer: 'Löschen wäre schön.',
        category: 'Übersicht',
      }),
    ]);
  });

  it.each([
    ['question,answer,category\na,"b,c\n', 't.csv:2: a double quote is opened here and never closed'],
    ['question,answer,question,category\na,b,c,d\n', 't.csv:1: has two columns question'],
    ['question,answer\na,b\nc,d\n', 't.csv:1: has no column category'],
  ])('tell one cause once: %j', (text, fault) => {
    expect(faultsOf(file('t.csv', text))).toEqual([fault]);
  });
});

describe('Markdown that hides questions', () => {
  const start = '---\ncategory: c\n---\n## First?\n\n';

  it.each([
    [
      '```sh\nx\n\n## Second?\n\nB\n\n```sh\ny\n```\n',
      'x.md:6: the code that begins here is still open in line 13',
    ],
    [
      'A <!-- x -->\n\n<!-- open\n\n## Second?\n',
      'x.md:8: the HTML or comment that begins here is never closed',
    ],
    ['<pre>\n\n## Second?\n', 'x.md:6: the HTML or comment that begins here is never closed'],
  ])('is refused: %j', (rest, fault) => {
    expect(faultsOf(file('x.md', start + rest))).toEqual([expect.stringContaining(fault)]);
  });

  it('within closed code is told, so that no entry of that question is removed', () => {
    const text = `${start}\`\`\`\nx\n\n## Second?\n\nB\n\`\`\`\n`;
    const { warnings, hiddenQuestions } = parseKnowledgeFiles([file('x.md', text)], audienceWords);
    expect(warnings).toEqual([
      { place: 'x.md:9', message: expect.stringContaining('"Second?" is no question') },
    ]);
    expect(hiddenQuestions).toEqual([{ question: 'Second?', place: 'x.md:9' }]);
  });

  it('below misplaced front matter is refused', () => {
    const text = 'Our FAQ\n\n---\ncategory: c\n---\n\n## First?\n\nA';
    expect(faultsOf(file('x.md', text))).toEqual([
      'x.md:3: front matter must come first: remove the text above it',
    ]);
  });
});

describe('hostile files', () => {
  const spaces = ' '.repeat(100_000);

  it.each([
    ['a heading of spaces', 'x.md', `---\ncategory: c\n---\n##${spaces}x\n\nA`],
    ['a heading of marks', 'x.md', `---\ncategory: c\n---\n## ${'# '.repeat(50_000)}x\n\nA`],
    ['fields of spaces', 'x.md', `---\ncategory: c\n---\n## Q\nid:${spaces}x\nkeywords:${spaces}\n\nA`],
    ['front matter of brackets', 'x.md', `---\ncategory: ${'['.repeat(100_000)}\n---\n## Q\n\nA`],
    ['an answer of spaces', 'x.json', JSON.stringify([{ ...document, answer: `a${spaces}b` }])],
    ['a source of spaces', 'x.json', JSON.stringify([{ ...document, source: `a${spaces}b` }])],
    ['nested lists', 'x.json', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['a table of quotes', 'x.csv', `question,answer\n${'"'.repeat(100_001)}`],
  ])('are read in a time that grows with their size: %s', (_, path, text) => {
    expect(measureCpuMs(() => faultsOf(file(path, text)))).toBeLessThan(1000);
  });

  it('with YAML that grows without end are one fault', () => {
    const levels = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`);
    const text = `---\na0: &a0 x\n${levels.join('\n')}\ncategory: *a12\n---\n## Q\n\nA`;
    expect(faultsOf(file('x.md', text))).toEqual([expect.stringMatching(/^x\.md:2: front matter: .*alias/)]);
  });
});

describe('several files', () => {
  it('report every fault of every file at once', () => {
    const faults = faultsOf(
      file('b.txt', 'x'),
      { path: 'c.json', bytes: Uint8Array.of(0xff, 0x00) },
      file('a.json', JSON.stringify([{ ...document, answer: '' }])),
    );
    expect(faults).toEqual([
      'a.json:1 [0].answer: answer is empty',
      expect.stringMatching(/^b\.txt: is not of a known kind \(\.json, /),
      expect.stringMatching(/^c\.json: is not text in UTF-8/),
    ]);
  });

  it('may not use an id twice, and are warned of questions that are nearly the same', () => {
    const markdown = file('x.md', '---\ncategory: c\n---\n## How can I read my mail?\nid: other\n\nA');
    const json = file('y.json', JSON.stringify([document]));
    expect(parseKnowledgeFiles([markdown, json], audienceWords).warnings).toEqual([
      { place: 'y.json:1 [0]', message: expect.stringContaining('is nearly the question at x.md:4') },
    ]);
    expect(faultsOf(json, { ...json, path: 'z.json' })).toEqual([
      'z.json:1 [0].id: id "mail_001" is already used at y.json:1 [0]',
    ]);
  });
});
