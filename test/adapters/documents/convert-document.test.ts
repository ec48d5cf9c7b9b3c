import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { convertDocument, type DocumentKind } from '../../../src/adapters/documents/convert-document.ts';
import { decodeHtml } from '../../../src/adapters/documents/decode-html.ts';
import { readDocx } from '../../../src/adapters/documents/read-docx.ts';
import { readPdf } from '../../../src/adapters/documents/read-pdf.ts';
import { DocumentRefusal } from '../../../src/domain/knowledge/converted-document.ts';
import { parseHtmlDocument } from '../../../src/domain/knowledge/html-document.ts';

const convert = (kind: DocumentKind, bytes: Uint8Array, limits = {}) =>
  convertDocument({ kind, bytes, url: undefined }, limits);
const refusalOf = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing',
    (error: unknown) => (error instanceof DocumentRefusal ? error.message : `not a refusal: ${error}`),
  );

const html = (body: string) =>
  strToU8(`<!doctype html><html lang="de"><head><title>Hilfe</title></head><body>${body}</body></html>`);

const paragraph = (text: string, style = '') =>
  `<w:p>${style && `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>`}<w:r><w:t>${text}</w:t></w:r></w:p>`;
const styles = ['heading 1', 'heading 2']
  .map((name, i) => `<w:style w:type="paragraph" w:styleId="H${i + 1}"><w:name w:val="${name}"/></w:style>`)
  .join('');
const word = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
const relations = 'http://schemas.openxmlformats.org';

function docx(body: string, extra: Record<string, Uint8Array> = {}): Uint8Array {
  return zipSync({
    '[Content_Types].xml': strToU8(
      `<Types xmlns="${relations}/package/2006/content-types"><Override PartName="/word/document.xml" ` +
        'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
    ),
    '_rels/.rels': strToU8(
      `<Relationships xmlns="${relations}/package/2006/relationships"><Relationship Id="r1" ` +
        `Type="${relations}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`,
    ),
    'word/styles.xml': strToU8(`<w:styles ${word}>${styles}</w:styles>`),
    'word/document.xml': strToU8(`<w:document ${word}><w:body>${body}</w:body></w:document>`),
    ...extra,
  });
}

/** @param pages Content streams */
function pdf(pages: readonly string[], trailer = ''): Uint8Array {
  const kids = pages.map((_, i) => `${10 + 2 * i} 0 R`).join(' ');
  const objects = pages.map(
    (content, i) =>
      `${10 + 2 * i} 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents ${11 + 2 * i} 0 R` +
      `/Resources<</Font<</F1 5 0 R>>>>>>endobj\n` +
      `${11 + 2 * i} 0 obj<</Length ${content.length}>>stream\n${content}\nendstream endobj\n`,
  );
  return strToU8(
    `%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n` +
      `2 0 obj<</Type/Pages/Kids[${kids}]/Count ${pages.length}>>endobj\n${objects.join('')}` +
      `5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R${trailer}>>`,
  );
}
const text = (...lines: (readonly [size: number, text: string])[]) =>
  `BT 40 700 Td ${lines.map(([size, line]) => `/F1 ${size} Tf (${line}) Tj 0 -${Math.round(size * 1.2)} Td`).join(' ')} ET`;

describe('a web page', () => {
  it('is read by its headings, without what frames it', async () => {
    const body =
      '<nav><h2>Menu</h2><a href="/">Start</a></nav><main><h1>Hilfe</h1><div><h2>Wo drucke ich?</h2>' +
      '<p>In der <a href="https://www.ub.tum.de/">Bibliothek</a>.</p><img src="x.png"><ul><li>A4</li><li>A3</li></ul></div>' +
      '<script>alert(1)</script><h2>Und in Farbe?</h2><p><a href="/farbe">Auch</a> dort.</p></main><footer>Impressum</footer>';
    expect(await convert('html', html(body))).toEqual({
      title: 'Hilfe',
      language: 'de',
      sections: [
        { heading: 'Hilfe', level: 1, markdown: '' },
        {
          heading: 'Wo drucke ich?',
          level: 2,
          markdown: 'In der [Bibliothek](https://www.ub.tum.de/).\n\n- A4\n- A3',
        },
        { heading: 'Und in Farbe?', level: 2, markdown: 'Auch dort.' },
      ],
      notes: ['loses what cannot be shown: images'],
    });
  });

  it('in the encoding that it names, or that of German Windows', async () => {
    const page = Buffer.from(
      '<meta charset="iso-8859-1"><h1>Öffnungszeiten</h1><p>Für Gäste \x96 ab 9.</p>',
      'latin1',
    );
    const { sections } = parseHtmlDocument(decodeHtml(page));
    expect(sections).toEqual([{ heading: 'Öffnungszeiten', level: 1, markdown: 'Für Gäste – ab 9.' }]);
  });

  it('nested without end is one fault', async () => {
    expect(await refusalOf(convert('html', html('<div>'.repeat(200_000))))).toMatch(
      /nested too deeply|needs more|takes more/,
    );
  });
});

describe('a Word file', () => {
  it('is read by its headings', async () => {
    const body =
      paragraph('Printing', 'H1') +
      paragraph('Where can I print?', 'H2') +
      paragraph('In the library &amp; lab.');
    expect((await readDocx(docx(body))).sections).toEqual([
      { heading: 'Printing', level: 1, markdown: '' },
      { heading: 'Where can I print?', level: 2, markdown: 'In the library & lab.' },
    ]);
  });

  it.each([
    [
      'of the old or encrypted kind',
      Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 1, 2),
      /^is protected by a password, or in the old/,
    ],
    ['that is none', strToU8('hello'), /^is no Word file/],
    ['cut off', docx(paragraph('x')).slice(0, 300), /^is no Word file/],
    ['of another kind', zipSync({ 'a.txt': strToU8('x') }), /^is no Word file/],
    [
      'that unpacks to far more',
      docx(paragraph('x'), { 'word/comments.xml': new Uint8Array(60 * 2 ** 20) }),
      /^unpacks to more than 50 MB/,
    ],
    [
      'with external entities',
      docx('', {
        'word/document.xml': strToU8('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'),
      }),
      /^holds a document type definition/,
    ],
  ])('%s is one fault', async (_, bytes, message) => {
    expect(await refusalOf(readDocx(bytes))).toMatch(message);
  });
});

describe('a PDF', () => {
  it('is read by its larger lines', async () => {
    const first = text(
      [20, 'Where can I print?'],
      [11, 'In the branch libra-'],
      [11, 'ries and in'],
      [11, 'computer rooms.'],
    );
    const second = text([20, 'What does it cost?'], [11, 'See the price list there.']);
    const { sections } = await convert('pdf', pdf([first, second, '']));
    expect(sections).toEqual([
      expect.objectContaining({
        heading: 'Where can I print?',
        markdown: 'In the branch libraries and in computer rooms.',
        place: 'page 1',
      }),
      expect.objectContaining({
        heading: 'What does it cost?',
        markdown: 'See the price list there.',
        place: 'page 2',
      }),
    ]);
  });

  it.each([
    [
      'with a password',
      pdf(
        [text([11, 'x'])],
        `/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<${'11'.repeat(32)}>/U<${'22'.repeat(32)}>>>`,
      ),
      /^is protected by a password/,
    ],
    ['of pictures', pdf(['', '']), /^holds pictures of text/],
    [
      'of more than 200 pages',
      pdf(Array.from({ length: 201 }, () => text([11, 'x']))),
      /^has more than 200 pages/,
    ],
    ['that is none', strToU8('hello'), /^is no PDF/],
  ])('%s is one fault', async (_, bytes, message) => {
    expect(await refusalOf(readPdf(bytes))).toMatch(message);
  });

  it('that takes longer than allowed is one fault', async () => {
    expect(await refusalOf(convert('pdf', pdf([text([11, 'x'])]), { timeLimitMs: 1 }))).toMatch(
      /^takes more than 0.001 s/,
    );
  });

  it('that takes more memory than allowed is one fault', async () => {
    expect(await refusalOf(convert('pdf', pdf([text([11, 'x'])]), { memoryLimitBytes: 1 }))).toMatch(
      /^needs more than 0 MB/,
    );
  });
});
