import { isMap, LineCounter, parseDocument } from 'yaml';
import { deriveEntryId } from './derive-entry-id.ts';
import type { KnowledgeFault } from './knowledge-fault.ts';
import { isEntryField, type RawEntry } from './parse-entry.ts';
import type { RawFile } from './parse-json-knowledge.ts';

interface FrontMatter {
  fields: Record<string, unknown>;
  lineOf: ReadonlyMap<string, number>;
  faults: KnowledgeFault[];
  /** Index of the first line after it. */
  end: number;
}

interface Section {
  question: string;
  /** Index of the heading's line. */
  start: number;
  lines: string[];
}

/** Far more than any front matter needs, and little enough to be read at once. */
const maxFrontMatterCharacters = 20_000;

/** Fields that an entry has of its own; the rest may come from the front matter. */
const ownFields = new Set(['id', 'question', 'answer', 'question_de', 'answer_de', 'alternatives']);

/** Reads front matter and one entry per `##` heading; infra/knowledge/README.md describes the form. */
export function parseMarkdownKnowledge(file: string, text: string): RawFile {
  const lines = text.split(/\r?\n/);
  const frontMatter = parseFrontMatter(file, lines);
  const faults = [...frontMatter.faults];
  const entries = splitSections(lines, frontMatter.end).map((section) =>
    parseSection(file, section, frontMatter, faults),
  );
  return { entries, faults };
}

function parseFrontMatter(file: string, lines: readonly string[]): FrontMatter {
  const result: FrontMatter = { fields: {}, lineOf: new Map(), faults: [], end: 0 };
  if (lines[0]?.trim() !== '---') return result;
  const end = lines.indexOf('---', 1);
  if (end === -1) {
    result.faults.push({ place: `${file}:1`, message: 'front matter has no closing ---' });
    return result;
  }
  const source = lines.slice(1, end).join('\n');
  if (source.length > maxFrontMatterCharacters) {
    const message = `front matter is longer than ${maxFrontMatterCharacters} characters`;
    return { ...result, fields: { category: 'unreadable' }, faults: [{ place: `${file}:1`, message }] };
  }
  const lineCounter = new LineCounter();
  const document = parseDocument(source, { lineCounter });
  const lineAt = (offset: number) => lineCounter.linePos(offset).line + 1;
  for (const error of document.errors) {
    const message = `front matter: ${error.message.split(/ at line \d/)[0]}`;
    result.faults.push({ place: `${file}:${lineAt(error.pos[0])}`, message });
  }
  if (document.errors.length > 0) {
    // The file is refused already; each entry lacking a category would only hide its other faults.
    return { ...result, fields: { category: 'unreadable' }, end: end + 1 };
  }
  if (!isMap(document.contents)) return { ...result, end: end + 1 };
  let fields: Record<string, unknown>;
  try {
    fields = document.toJS();
  } catch (error) {
    // Aliases that name each other grow without end; the parser stops at a hundred.
    const message = `front matter: ${(error as Error).message}`;
    return {
      ...result,
      fields: { category: 'unreadable' },
      faults: [{ place: `${file}:1`, message }],
      end: end + 1,
    };
  }
  const lineOf = new Map(
    document.contents.items.map(({ key }) => {
      const { value, range } = key as { value: unknown; range?: [number, number, number] };
      return [String(value), lineAt(range?.[0] ?? 0)];
    }),
  );
  for (const name of Object.keys(fields)) {
    if (isEntryField(name) && !ownFields.has(name)) continue;
    result.faults.push({
      place: `${file}:${lineOf.get(name)}`,
      message: `"${name}" is not a field of front matter`,
    });
  }
  return { ...result, fields, lineOf, end: end + 1 };
}

function splitSections(lines: readonly string[], start: number): Section[] {
  const sections: Section[] = [];
  let fence: string | undefined;
  for (const [offset, line] of lines.slice(start).entries()) {
    const mark = /^\s{0,3}(```+|~~~+)/.exec(line)?.[1];
    const question = fence ? undefined : findQuestion(line);
    if (mark && !fence) fence = mark;
    else if (mark && fence && mark.startsWith(fence)) fence = undefined;
    if (question !== undefined) sections.push({ question, start: start + offset, lines: [] });
    else sections.at(-1)?.lines.push(line);
  }
  return sections;
}

/** The text of a heading `## Question ##`. */
function findQuestion(line: string): string | undefined {
  if (!/^##(?:\s|$)/.test(line)) return undefined;
  return line
    .slice(2)
    .trim()
    .replace(/(?<=^|\s)#+$/, '')
    .trim();
}

function parseSection(
  file: string,
  { question, start, lines }: Section,
  frontMatter: FrontMatter,
  faults: KnowledgeFault[],
): RawEntry {
  const lineOf = new Map<string, number>([['question', start + 1]]);
  const { fields, strayLines, end } = parseFieldLines(lines, (name, index) =>
    lineOf.set(name, start + 2 + index),
  );
  for (const index of strayLines) {
    faults.push({
      place: `${file}:${start + 2 + index}`,
      message: 'is neither "field: value" nor "- element"; the answer begins after a blank line',
    });
  }
  for (const name of Object.keys(fields).filter((each) => !isEntryField(each))) {
    faults.push({ place: `${file}:${lineOf.get(name)}`, message: `field "${name}" is not known` });
    delete fields[name];
  }
  const { answer, answerDe, startDe } = splitAnswers(lines.slice(end));
  if (startDe !== undefined) lineOf.set('answer_de', start + 2 + end + startDe);
  const answerIndex = lines.findIndex((line, i) => i >= end && line.trim() !== '');
  if (answerIndex !== -1) lineOf.set('answer', start + 2 + answerIndex);
  return {
    fields: {
      ...frontMatter.fields,
      id: deriveEntryId(file, question),
      ...fields,
      question,
      answer,
      ...(answerDe !== undefined && { answer_de: answerDe }),
    },
    locate: ([name]) => {
      const line = lineOf.get(String(name)) ?? frontMatter.lineOf.get(String(name)) ?? start + 1;
      return `${file}:${line}`;
    },
  };
}

/** A line `answer_de:` between two paragraphs begins the German answer, which goes on to the next question. */
function splitAnswers(lines: readonly string[]): { answer: string; answerDe?: string; startDe?: number } {
  const startDe = lines.findIndex(
    (line, i) => /^answer_de:(?=\s|$)/.test(line) && (lines[i - 1] ?? '').trim() === '',
  );
  if (startDe === -1) return { answer: lines.join('\n').trim() };
  const [first = '', ...rest] = lines.slice(startDe);
  const answerDe = [first.slice('answer_de:'.length), ...rest].join('\n').trim();
  return { answer: lines.slice(0, startDe).join('\n').trim(), answerDe, startDe };
}

interface FieldLines {
  fields: Record<string, string | string[]>;
  /** Indexes of lines among them that are neither a field nor an element of a list. */
  strayLines: number[];
  /** Index of the first line after them. */
  end: number;
}

/**
 * `key: value` lines after the heading, up to the first blank line; `- element` lines below an empty key make a list.
 * They begin only with a known field, so that an answer may well begin with "Note: ...".
 */
function parseFieldLines(
  lines: readonly string[],
  onField: (name: string, index: number) => void,
): FieldLines {
  const result: FieldLines = { fields: {}, strayLines: [], end: 0 };
  let index = lines.findIndex((line) => line.trim() !== '');
  const firstName = splitField(lines[index] ?? '')?.name;
  if (firstName === undefined || !isEntryField(firstName)) return result;
  let list: string[] | undefined;
  for (; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const field = splitField(line);
    const element = findElement(line);
    if (line.trim() === '') {
      // Formatters put a blank line between a key and its list.
      const beforeList = list?.length === 0 && findElement(lines[index + 1] ?? '') !== undefined;
      if (!beforeList) break;
    } else if (element !== undefined && list) {
      list.push(element);
    } else if (field) {
      list = field.value === '' ? [] : undefined;
      result.fields[field.name] = list ?? field.value;
      onField(field.name, index);
    } else {
      result.strayLines.push(index);
    }
  }
  return { ...result, end: index };
}

const findElement = (line: string): string | undefined => /^\s*[-*]\s+(.*)$/.exec(line)?.[1];

function splitField(line: string): { name: string; value: string } | undefined {
  const match = /^([a-z_]+):(?:\s+(.*))?$/.exec(line.trimEnd());
  return match?.[1]
    ? { name: match[1], value: (match[2] ?? '').replace(/^\[(.*)\]$/, '$1').trim() }
    : undefined;
}
