import { LineCounter, parseDocument } from 'yaml';
import type { KnowledgeFault } from './knowledge-fault.ts';
import type { RawEntry } from './parse-entry.ts';

/** What one file holds before its entries are checked. */
export interface RawFile {
  entries: RawEntry[];
  faults: KnowledgeFault[];
}

type Path = readonly PropertyKey[];

/** Reads `{"documents": [...]}`, or the bare list of documents. */
export function parseJsonKnowledge(file: string, text: string): RawFile {
  const fault = (place: string, message: string): RawFile => ({ entries: [], faults: [{ place, message }] });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    return fault(`${file}:${lineOfSyntaxError(text, error)}`, `is not JSON: ${(error as Error).message}`);
  }
  const isList = Array.isArray(content);
  const documents = isList ? content : (content as { documents?: unknown } | null)?.documents;
  if (!Array.isArray(documents)) return fault(`${file}:1`, 'must hold a list "documents"');

  const locate = createLocator(file, text);
  const result: RawFile = { entries: [], faults: [] };
  documents.forEach((document: unknown, i) => {
    const base = isList ? [i] : ['documents', i];
    if (isObject(document)) {
      result.entries.push({ fields: document, locate: (path) => locate([...base, ...path]) });
    } else {
      result.faults.push({ place: locate(base), message: 'must be an object with id, question and answer' });
    }
  });
  return result;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Node names the offset of most syntax errors, and none when the text just ends. */
function lineOfSyntaxError(text: string, error: unknown): number {
  const offset = /at position (\d+)/.exec(String(error))?.[1];
  return text.slice(0, offset === undefined ? text.length : Number(offset)).split('\n').length;
}

/**
 * Says where a path of the JSON is. JSON.parse keeps no positions; JSON is YAML too, whose parser does, and it
 * runs only when there is something to say.
 */
function createLocator(file: string, text: string): (path: Path) => string {
  let parsed: { document: ReturnType<typeof parseDocument>; lines: LineCounter } | undefined;
  return (path) => {
    if (parsed === undefined) {
      const lines = new LineCounter();
      parsed = {
        document: parseDocument(text, { lineCounter: lines, schema: 'json', uniqueKeys: false }),
        lines,
      };
    }
    const { document, lines } = parsed;
    const offset = findOffset(document, path);
    return `${file}:${lines.linePos(offset).line} ${formatPath(path)}`;
  };
}

/** Offset of the innermost part of the path that the document has. */
function findOffset(document: ReturnType<typeof parseDocument>, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as
      | { range?: [number, number, number] }
      | undefined;
    if (node?.range) return node.range[0];
  }
  return 0;
}

const formatPath = (path: Path) =>
  path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part)}`))
    .join('');
