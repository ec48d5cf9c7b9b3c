import { isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import type { KnowledgeFault } from './knowledge-fault.ts';
import { isEntryField } from './parse-entry.ts';

export interface FrontMatter {
  /** Defaults for the entries of the file. */
  fields: Record<string, unknown>;
  lineOf: ReadonlyMap<string, number>;
  faults: KnowledgeFault[];
  notes: KnowledgeFault[];
  /** Index of the first line after it. */
  end: number;
}

/** Fields that an entry has of its own; the rest may come from the front matter. */
const ownFields = new Set(['id', 'question', 'answer', 'question_de', 'answer_de', 'alternatives']);
/** Far more than any front matter needs, and little enough to be read at once. */
const maxCharacters = 20_000;
const fence = /^---[ \t]*$/;

/** Reads the YAML between `---` lines at the beginning, after blank lines and comments at most. */
export function parseFrontMatter(file: string, lines: readonly string[]): FrontMatter {
  const start = skipBlankLinesAndComments(lines);
  if (/^\+\+\+[ \t]*$/.test(lines[start] ?? '')) {
    return broken(file, start, 'front matter between +++ is TOML; write YAML between lines of ---', lines);
  }
  if (!fence.test(lines[start] ?? '')) return findMisplaced(file, lines);
  const end = lines.findIndex((line, i) => i > start && fence.test(line));
  if (end === -1) return broken(file, start, 'front matter has no closing ---', lines);
  const source = lines.slice(start + 1, end).join('\n');
  return source.length > maxCharacters
    ? broken(file, start, `front matter is longer than ${maxCharacters} characters`, lines, end + 1)
    : parseYaml(file, source, start + 1, end + 1);
}

function skipBlankLinesAndComments(lines: readonly string[]): number {
  let i = 0;
  for (;;) {
    while (i < lines.length && lines[i]?.trim() === '') i++;
    if (!lines[i]?.trimStart().startsWith('<!--')) return i;
    while (i < lines.length && !lines[i]?.includes('-->')) i++;
    if (lines[i]?.trimEnd().endsWith('-->') === false) return 0;
    i++;
  }
}

const none = (): FrontMatter => ({ fields: {}, lineOf: new Map(), faults: [], notes: [], end: 0 });

/** The file is refused, so each entry lacking a category would only hide its other faults. */
const broken = (
  file: string,
  line: number,
  message: string,
  lines: readonly string[],
  end = lines.length,
): FrontMatter => ({
  ...none(),
  fields: { category: 'unreadable' },
  faults: [{ place: `${file}:${line + 1}`, message }],
  end,
});

/** Below other text, `category: x` and `---` are a heading to CommonMark and a mistake to everybody. */
function findMisplaced(file: string, lines: readonly string[]): FrontMatter {
  const at = lines.findIndex(
    (line, i) =>
      fence.test(line) &&
      isEntryField(/^([a-z_]+):\s/.exec(lines[i + 1] ?? '')?.[1] ?? '') &&
      lines[i - 1] !== undefined,
  );
  const close = at === -1 ? -1 : lines.findIndex((line, i) => i > at && fence.test(line));
  const isBeforeHeadings = !lines.slice(0, at === -1 ? 0 : at).some((line) => /^ {0,3}##\s/.test(line));
  if (close === -1 || !isBeforeHeadings) return none();
  return broken(file, at, 'front matter must come first: remove the text above it', lines, close + 1);
}

function parseYaml(file: string, source: string, firstLine: number, end: number): FrontMatter {
  const result = { ...none(), end };
  const lineCounter = new LineCounter();
  const placeAt = (offset: number) => `${file}:${firstLine + lineCounter.linePos(offset).line}`;
  const refuse = (offset: number, message: string): FrontMatter => ({
    ...result,
    fields: { category: 'unreadable' },
    faults: [{ place: placeAt(offset), message: `front matter: ${message.split(/ at line \d/)[0]}` }],
  });
  try {
    const document = parseDocument(source, { lineCounter });
    const [error] = document.errors;
    if (error) return refuse(error.pos[0], error.message);
    if (document.contents === null) return result;
    if (!isMap(document.contents)) return refuse(0, 'must be lines of "field: value"');
    // Numbers and truth values are words here: `2FA`, `112`, `1.10`.
    visit(document, {
      Scalar(_, node) {
        if (node.source !== undefined && node.value !== null) node.value = node.source;
      },
    });
    const lineOf = new Map<string, number>();
    for (const { key } of document.contents.items) {
      if (isScalar(key))
        lineOf.set(String(key.value), firstLine + lineCounter.linePos(key.range?.[0] ?? 0).line);
    }
    return sortFields(file, { ...result, lineOf }, document.toJS() as Record<string, unknown>);
  } catch (error) {
    // Aliases that multiply each other, at which the parser stops after a hundred, or brackets nested too deeply.
    return refuse(0, error instanceof RangeError ? 'is nested too deeply' : (error as Error).message);
  }
}

function sortFields(file: string, result: FrontMatter, all: Record<string, unknown>): FrontMatter {
  for (const [name, value] of Object.entries(all)) {
    const place = `${file}:${result.lineOf.get(name)}`;
    if (ownFields.has(name)) {
      result.notes.push({ place, message: `"${name}" belongs to each question, and was left out here` });
    } else if (isEntryField(name)) {
      result.fields[name] = value;
    } else {
      result.notes.push({ place, message: `"${name}" is not a field of entries, and was left out` });
    }
  }
  return result;
}
