import { toPlainMarkdown } from './clean-text.ts';
import { deriveEntryId } from './derive-entry-id.ts';
import { type FrontMatter, parseFrontMatter } from './front-matter.ts';
import type { KnowledgeFault } from './knowledge-fault.ts';
import { type Block, parseBlocks, type References, toPlainLine, usesReferences } from './markdown-blocks.ts';
import { isEntryField } from './parse-entry.ts';
import { createRawFile, type HiddenQuestion, type RawEntry, type RawFile } from './raw-file.ts';

interface Section {
  heading: Block;
  /** Lines below the heading, up to the next question or title. */
  lines: string[];
}

interface Source {
  file: string;
  /** All of the file, front matter and what stands before it as empty lines. */
  lines: readonly string[];
  references: References;
}

/** Deeper lists and code are nobody's answer, and cost the parser more than they are worth. */
const maxIndentation = 1000;
const shownCharacters = 80;

/** Reads front matter and one entry per `##` heading; infra/knowledge/README.md describes the form. */
export function parseMarkdownKnowledge(file: string, text: string): RawFile {
  const allLines = text.replace(/\r\n?/g, '\n').split('\n');
  const frontMatter = parseFrontMatter(file, allLines);
  const lines = allLines.map((line, i) => (i < frontMatter.end ? '' : line));
  const result = createRawFile({ faults: [...frontMatter.faults], notes: [...frontMatter.notes] });
  const tooDeep = lines.findIndex((line) => line.length - line.trimStart().length > maxIndentation);
  if (tooDeep !== -1) {
    const message = `begins with more than ${maxIndentation} spaces`;
    return createRawFile({ faults: [{ place: `${file}:${tooDeep + 1}`, message }] });
  }
  const { blocks, references } = parseBlocks(lines.join('\n'));
  const source: Source = { file, lines, references };
  tellWhatIsNoQuestion(source, blocks, result);
  for (const section of splitSections(source, blocks, result.notes)) {
    result.entries.push(parseSection(source, section, frontMatter, result));
  }
  if (result.faults.length === 0) findMissing(source, blocks, frontMatter, result);
  return result;
}

const isHeading = (block: Block, ...tags: string[]) =>
  block.type === 'heading_open' && tags.includes(block.tag);
const quote = (text: string) =>
  `"${text.length > shownCharacters ? `${text.slice(0, shownCharacters)} …` : text}"`;

/** Parts of the file per question; what stands between them belongs to none, and is told. */
function splitSections(
  { file, lines, references }: Source,
  blocks: readonly Block[],
  notes: KnowledgeFault[],
): Section[] {
  const sections: Section[] = [];
  const outer = blocks.filter(({ depth }) => depth === 0);
  let end = lines.length;
  const ends = new Map<Block, number>();
  for (const block of outer.toReversed()) {
    ends.set(block, end);
    if (isHeading(block, 'h1', 'h2')) end = block.start;
  }
  let stray: Block | undefined;
  let isInSection = false;
  for (const block of outer) {
    if (isHeading(block, 'h2')) {
      sections.push({ heading: block, lines: lines.slice(block.end, ends.get(block)) });
    } else if (isHeading(block, 'h1')) {
      const title = quote(toPlainLine(block.content, references));
      notes.push({
        place: `${file}:${block.start + 1}`,
        message: `${title} is a title (#), not a question (##)`,
      });
    }
    if (isHeading(block, 'h1', 'h2')) {
      isInSection = block.tag === 'h2';
      stray = undefined;
    } else if (!isInSection && stray === undefined && block.type !== 'hr' && !isComment(block)) {
      stray = block;
      notes.push({
        place: `${file}:${block.start + 1}`,
        message: 'text before a question belongs to none, and was left out',
      });
    }
  }
  return sections;
}

const isComment = ({ type, content }: Block) =>
  type === 'html_block' && content.trimStart().startsWith('<!--');

/** What is never closed is a fault; what looks like a question and is none, a note. */
function tellWhatIsNoQuestion(source: Source, blocks: readonly Block[], result: RawFile): void {
  const { file, lines, references } = source;
  for (const block of blocks) {
    const place = `${file}:${block.start + 1}`;
    const unclosed = block.depth === 0 ? findUnclosed(block, lines) : undefined;
    if (unclosed) result.faults.push({ place, message: unclosed });
    const hidden = findHiddenQuestions(source, block);
    if (block.type === 'fence' || block.type === 'code_block') result.hiddenQuestions.push(...hidden);
    if (isComment(block)) {
      const questions = hidden.map(({ question }) => quote(question)).join(', ');
      result.notes.push({ place, message: `a comment is left out${questions && `, with ${questions}`}` });
    } else if (hidden[0]) {
      const kind = block.type === 'html_block' ? 'HTML' : 'code';
      result.notes.push({
        place: hidden[0].place,
        message: `${quote(hidden[0].question)} is no question, since it stands within ${kind} that begins in line ${block.start + 1}`,
      });
    }
    if (block.depth > 0 && isHeading(block, 'h1', 'h2')) {
      const title = quote(toPlainLine(block.content, references));
      result.notes.push({
        place,
        message: `${title} is no question, since it stands within a quote or list`,
      });
    }
    if (block.depth === 0 && block.type === 'html_block' && /<h[1-6][\s>]/i.test(block.content)) {
      result.notes.push({
        place,
        message: 'a heading in HTML is part of the answer before it; write "## ..." for a question',
      });
    }
    if (block.depth === 0 && block.type === 'paragraph_open')
      result.notes.push(...findHeadingsWithoutSpace(source, block));
  }
}

function findUnclosed(block: Block, lines: readonly string[]): string | undefined {
  const first = lines[block.start]?.trim() ?? '';
  const last = lines[block.end - 1]?.trim() ?? '';
  if (block.type === 'fence') {
    const mark = /^(?:`{3,}|~{3,})/.exec(first)?.[0] ?? '';
    const isClosed =
      block.end - 1 > block.start &&
      last.length >= mark.length &&
      last === mark.charAt(0).repeat(last.length);
    if (!isClosed) return `the code that begins here (${first.slice(0, 20)}) is never closed`;
    return findFenceWithin(block, mark);
  }
  if (block.type !== 'html_block') return undefined;
  const [, close] = htmlEnds.find(([open]) => open.test(first)) ?? [];
  return close && !close.test(block.content)
    ? 'the HTML or comment that begins here is never closed'
    : undefined;
}

/** Starts of HTML blocks that go on over blank lines, and what ends them (CommonMark, section 4.6). */
const htmlEnds: readonly (readonly [RegExp, RegExp])[] = [
  [/^<!--/, /-->/],
  [/^<(?:script|pre|style|textarea)(?:[\s>]|$)/i, /<\/(?:script|pre|style|textarea)>/i],
  [/^<\?/, /\?>/],
  [/^<!\[CDATA\[/, /\]\]>/],
  [/^<![A-Z]/i, />/],
];

/** A question and then another fence that names its language: the first one was never closed. */
function findFenceWithin({ content, start }: Block, mark: string): string | undefined {
  const lines = content.split('\n');
  const question = lines.findIndex((line) => /^##\s/.test(line));
  const opening = lines.findIndex(
    (line, i) => i > question && line.startsWith(mark) && /^(?:`+|~+)[ \t]*\w/.test(line),
  );
  return question === -1 || opening === -1
    ? undefined
    : `the code that begins here is still open in line ${start + 2 + opening}, where other code begins`;
}

function findHiddenQuestions(
  { file, references }: Source,
  { type, content, start }: Block,
): HiddenQuestion[] {
  if (!['fence', 'code_block', 'html_block'].includes(type)) return [];
  const offset = type === 'fence' ? 2 : 1;
  return content.split('\n').flatMap((line, i) => {
    const [, question] = /^ {0,3}##[ \t]+(\S.*)$/.exec(line) ?? [];
    return question
      ? [{ question: toPlainLine(question, references), place: `${file}:${start + offset + i}` }]
      : [];
  });
}

function findHeadingsWithoutSpace({ file, lines }: Source, { start, end }: Block): KnowledgeFault[] {
  return lines.slice(start, end).flatMap((line, i) => {
    const [, text = ''] = /^ {0,3}##([^#\s].*)$/.exec(line) ?? [];
    return text === ''
      ? []
      : [
          {
            place: `${file}:${start + i + 1}`,
            message: `is no question without a space after ##; write ${quote(`## ${text}`)}`,
          },
        ];
  });
}

/** One fault for the cause, not one for each question. */
function findMissing(
  { file, references }: Source,
  blocks: readonly Block[],
  frontMatter: FrontMatter,
  result: RawFile,
): void {
  if (result.entries.length === 0) {
    const title = blocks.find(({ depth, type }) => depth === 0 && type === 'heading_open');
    const example = title ? `## ${toPlainLine(title.content, references)}` : '## Where is ...?';
    result.faults.push({
      place: `${file}:${(title?.start ?? 0) + 1}`,
      message: `holds no question: write ${quote(example)} with two number signs above each answer`,
    });
  } else if (
    frontMatter.fields.category === undefined &&
    result.entries.every(({ fields }) => fields.category === undefined)
  ) {
    result.faults.push({
      place: `${file}:1`,
      message: 'category is missing: begin the file with the lines ---, category: ..., ---',
    });
    result.entries = result.entries.map((entry) => ({
      ...entry,
      fields: { category: 'missing', ...entry.fields },
    }));
  }
}

function parseSection(
  { file, references }: Source,
  { heading, lines }: Section,
  frontMatter: FrontMatter,
  { faults }: RawFile,
): RawEntry {
  const question = toPlainLine(heading.content.replace(/\s*\{:?\s*[#.][^{}]*\}\s*$/, ''), references);
  const first = heading.end + 1;
  const lineOf = new Map<string, number>([['question', heading.start + 1]]);
  const { fields, strayLines, end } = parseFieldLines(lines, (name, index) =>
    lineOf.set(name, first + index),
  );
  for (const index of strayLines) {
    faults.push({
      place: `${file}:${first + index}`,
      message: 'is neither "field: value" nor "- element"; the answer begins after a blank line',
    });
  }
  for (const name of Object.keys(fields).filter((each) => !isEntryField(each))) {
    faults.push({ place: `${file}:${lineOf.get(name)}`, message: `field "${name}" is not known` });
    delete fields[name];
  }
  const { answer, answerDe, startDe } = splitAnswers(lines.slice(end));
  if (startDe !== undefined) lineOf.set('answer_de', first + end + startDe);
  const answerIndex = lines.findIndex((line, i) => i >= end && line.trim() !== '');
  if (answerIndex !== -1) lineOf.set('answer', first + answerIndex);
  return {
    hasDerivedId: fields.id === undefined,
    fields: {
      ...frontMatter.fields,
      id: deriveEntryId(file, question),
      ...fields,
      question,
      answer: resolveReferences(answer, references),
      ...(answerDe !== undefined && { answer_de: resolveReferences(answerDe, references) }),
    },
    locate: ([name]) => {
      const line = lineOf.get(String(name)) ?? frontMatter.lineOf.get(String(name)) ?? heading.start + 1;
      return `${file}:${line}`;
    },
  };
}

/** Links whose address stands elsewhere in the file take it along. */
const resolveReferences = (answer: string, references: References): string =>
  usesReferences(answer, references) ? toPlainMarkdown(answer, references).markdown : answer;

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
