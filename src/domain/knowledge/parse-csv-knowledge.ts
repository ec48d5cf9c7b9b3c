import { type CsvError, parse } from 'csv-parse/sync';
import { deriveEntryId } from './derive-entry-id.ts';
import type { KnowledgeFault } from './knowledge-fault.ts';
import { isEntryField } from './parse-entry.ts';
import { createRawFile, type RawEntry, type RawFile, refuse } from './raw-file.ts';

const listFields = new Set(['keywords', 'alternatives', 'role', 'roles', 'campus', 'campuses']);
const neededFields = ['question', 'answer'];
const delimiters = [',', ';', '\t', '|'];
/** Lines above the column names among which they are looked for. */
const maxTitleLines = 20;

interface Row {
  cells: string[];
  /** On which the row begins. */
  line: number;
}

interface Table {
  delimiter: string;
  /** Of the column names. */
  headerLine: number;
  names: string[];
}

/**
 * Reads a table whose first row names the fields (`question` and `answer` at least). Columns stand between commas,
 * semicolons, tabs or bars, as `sep=` or else the first row says; elements of a list between bars.
 */
export function parseCsvKnowledge(file: string, text: string): RawFile {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const separator =
    /^sep=(.)$/i.exec(lines[0]?.trim() ?? '')?.[1] ?? (/^sep=\t/i.test(lines[0] ?? '') ? '\t' : undefined);
  const firstLine = separator === undefined ? 0 : 1;
  const table = findTable(lines, firstLine, separator ? [separator] : delimiters);
  if (typeof table === 'string') return refuse(`${file}:${firstLine + 1}`, table);
  const titles = lines.slice(firstLine, table.headerLine).filter((line) => /[^\s,;|"]/.test(line));
  if (titles.length > 0) {
    const message = `the column names stand in line ${table.headerLine + 1}: remove the lines above them`;
    return refuse(`${file}:${firstLine + 1}`, message);
  }
  const problem = findHeaderProblem(table.names);
  if (problem) return refuse(`${file}:${table.headerLine + 1}`, problem);
  return readTable(file, lines, table);
}

function findTable(lines: readonly string[], start: number, candidates: readonly string[]): Table | string {
  for (let line = start; line < Math.min(lines.length, start + maxTitleLines); line++) {
    for (const delimiter of candidates) {
      const names = splitHeader(lines[line] ?? '', delimiter);
      if (neededFields.every((name) => names.includes(name))) return { delimiter, headerLine: line, names };
    }
  }
  const best = candidates
    .map((delimiter) => splitHeader(lines[start] ?? '', delimiter))
    .reduce((a, b) => (b.filter(isEntryField).length > a.filter(isEntryField).length ? b : a));
  const missing = neededFields.filter((name) => !best.includes(name));
  return `has no column ${missing.join(', ')}`;
}

/** Names of columns have no line breaks, so that a line is enough. */
function splitHeader(line: string, delimiter: string): string[] {
  let cells: string[] = [];
  try {
    [cells = []] = parse(line, { delimiter, relax_quotes: true }) as string[][];
  } catch {
    // No header then.
  }
  return cells.map((name) =>
    name
      .replace(/^\uFEFF/, '')
      .trim()
      .toLowerCase()
      .replace(/[\s-]+/g, '_'),
  );
}

function findHeaderProblem(names: readonly string[]): string | undefined {
  const repeated = names.find((name, i) => name !== '' && names.indexOf(name) !== i);
  if (repeated) return `has two columns ${repeated}`;
  return names.includes('category') ? undefined : 'has no column category';
}

function readTable(file: string, lines: readonly string[], table: Table): RawFile {
  const result = createRawFile();
  const headerPlace = `${file}:${table.headerLine + 1}`;
  for (const name of table.names.filter((each) => each !== '' && !isEntryField(each))) {
    result.notes.push({ place: headerPlace, message: `column "${name}" is not known and was left out` });
  }
  const unnamed = new Set<number>();
  const body = lines.slice(table.headerLine + 1).join('\n');
  for (const { cells, line } of readRows(body, table.delimiter, table.headerLine + 2, file, result.faults)) {
    if (cells.every((cell) => cell.trim() === '')) continue;
    const surplus = cells.slice(table.names.length).filter((cell) => cell.trim() !== '');
    if (surplus.length > 0) {
      result.faults.push({ place: `${file}:${line}`, message: describeSurplus(cells, table) });
      continue;
    }
    const fields = toFields(table.names, cells);
    cells.forEach((cell, i) => {
      if (table.names[i] === '' && cell.trim() !== '') unnamed.add(i + 1);
    });
    result.entries.push(toEntry(file, fields, line));
  }
  for (const column of unnamed) {
    result.notes.push({ place: headerPlace, message: `column ${column} has no name and was left out` });
  }
  return result;
}

function toEntry(file: string, fields: Record<string, unknown>, line: number): RawEntry {
  const hasDerivedId = String(fields.id ?? '').trim() === '';
  const id = hasDerivedId ? deriveEntryId(file, String(fields.question)) : fields.id;
  return { fields: { ...fields, id }, hasDerivedId, locate: () => `${file}:${line}` };
}

const describeSurplus = (cells: readonly string[], { names, delimiter }: Table) =>
  `has ${cells.length} cells, where the first row names ${names.length} columns: put a text that holds ` +
  `${delimiter === '\t' ? 'a tab' : `"${delimiter}"`} between double quotes`;

/** Rows with the line on which each begins. A row with a stray quote is a fault, and the rows after it are read. */
function* readRows(
  body: string,
  delimiter: string,
  firstLine: number,
  file: string,
  faults: KnowledgeFault[],
): Iterable<Row> {
  const describe = (error: CsvError): KnowledgeFault => {
    const opened = /Not Closed.* at line (\d+)/.exec(error.message)?.[1];
    const line = firstLine + Number(opened ?? error.lines ?? 1) - 1;
    return { place: `${file}:${line}`, message: opened ? openQuote : describeQuotes(error.message) };
  };
  let records: { record: string[]; info: { lines: number } }[] = [];
  try {
    records = parse(body, {
      delimiter,
      info: true,
      record_delimiter: ['\n'],
      relax_column_count: true,
      skip_records_with_error: true,
      on_skip: (error: CsvError | undefined) => {
        if (error) faults.push(describe(error));
        return undefined;
      },
    }) as unknown as typeof records;
  } catch (error) {
    faults.push(describe(error as CsvError));
  }
  for (const { record, info } of records) {
    const lineBreaks = record.join('').split('\n').length - 1;
    yield { cells: record, line: firstLine + info.lines - 1 - lineBreaks };
  }
}

const openQuote = 'a double quote is opened here and never closed';
const describeQuotes = (message: string) =>
  /Quote/i.test(message)
    ? 'a double quote stands within a text: double it, and put the text between double quotes'
    : message;

function toFields(names: readonly string[], cells: readonly string[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [i, name] of names.entries()) {
    if (!isEntryField(name)) continue;
    const value = cells[i] ?? '';
    fields[name] = listFields.has(name) && value.includes('|') ? value.split('|') : value;
  }
  return fields;
}
