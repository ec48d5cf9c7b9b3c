import { type CsvError, parse } from 'csv-parse/sync';
import { deriveEntryId } from './derive-entry-id.ts';
import type { KnowledgeFault } from './knowledge-fault.ts';
import type { RawEntry } from './parse-entry.ts';
import type { RawFile } from './parse-json-knowledge.ts';

const listFields = new Set(['keywords', 'alternatives', 'role', 'roles', 'campus', 'campuses']);

/**
 * Reads a table whose first line names the fields (`question` and `answer` at least), with commas, or semicolons as
 * German Excel writes them. Elements of a list are separated by `|`.
 */
export function parseCsvKnowledge(file: string, text: string): RawFile {
  const faults: KnowledgeFault[] = [];
  const header = text.split(/\r?\n/, 1)[0] ?? '';
  const missing = ['question', 'answer'].filter((name) => !header.toLowerCase().includes(name));
  if (missing.length > 0) {
    return { entries: [], faults: [{ place: `${file}:1`, message: `has no column ${missing.join(', ')}` }] };
  }
  const delimiter = header.split(';').length > header.split(',').length ? ';' : ',';
  const rows = readRows(text, delimiter, (error) => {
    faults.push({ place: `${file}:${error.lines ?? 1}`, message: error.message });
  });
  const entries = rows.map(({ record, info }): RawEntry => {
    const lineBreaks = Object.values(record).join('').split('\n').length - 1;
    const place = `${file}:${info.lines - lineBreaks}`;
    return { fields: toFields(file, record), locate: () => place };
  });
  return { entries, faults };
}

interface Row {
  record: Record<string, string>;
  /** Counts up to the record's last line. */
  info: { lines: number };
}

function readRows(text: string, delimiter: string, onFault: (error: CsvError) => void): Row[] {
  try {
    return parse(text, {
      bom: true,
      columns: (names: string[]) => names.map((name) => name.trim().toLowerCase()),
      delimiter,
      info: true,
      skip_empty_lines: true,
      skip_records_with_error: true,
      on_skip: (error: CsvError | undefined) => {
        if (error) onFault(error);
        return undefined;
      },
    }) as unknown as Row[];
  } catch (error) {
    onFault(error as CsvError);
    return [];
  }
}

/** An empty cell means that the field is not given, but for the two that an entry cannot do without. */
function toFields(file: string, record: Record<string, string>): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record)) {
    if (value.trim() === '' && !['question', 'answer'].includes(name)) continue;
    fields[name] = listFields.has(name) && value.includes('|') ? value.split('|') : value;
  }
  return { id: deriveEntryId(file, String(fields.question)), ...fields };
}
