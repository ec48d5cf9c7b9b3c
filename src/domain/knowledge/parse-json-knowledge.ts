import { type DocumentNode, type ObjectNode, parse as parseTree, type ValueNode } from '@humanwhocodes/momoa';
import { createRawFile, type RawFile, refuse } from './raw-file.ts';

type Path = readonly PropertyKey[];
type Locate = (path: Path) => string;

/** Reads `{"documents": [...]}`, the bare list of documents, or a document a line. */
export function parseJsonKnowledge(file: string, text: string): RawFile {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    if (beginsWithDocumentLine(text)) return parseJsonLinesKnowledge(file, text);
    const { offset, message } = describeSyntaxError(text, error);
    return refuse(`${file}:${lineAt(text, offset)}`, `is not JSON: ${message}`);
  }
  const isList = Array.isArray(content);
  const documents = isList ? content : (content as { documents?: unknown } | null)?.documents;
  if (!Array.isArray(documents)) return refuse(`${file}:1`, describeMissingList(content));

  const tree = createTree(file, text);
  const result = createRawFile();
  documents.forEach((document: unknown, i) => {
    const base = isList ? [i] : ['documents', i];
    const locate: Locate = (path) => tree.locate([...base, ...path]);
    addDocument(result, document, locate);
    for (const name of tree.findRepeatedNames(base)) {
      result.faults.push({ place: locate([name]), message: `has ${String(name)} twice` });
    }
  });
  return result;
}

/** Reads a document a line, as `.jsonl` and `.ndjson` files hold them. */
export function parseJsonLinesKnowledge(file: string, text: string): RawFile {
  const result = createRawFile();
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const place = `${file}:${i + 1}`;
    try {
      const locate: Locate = (path) => [place, formatPath(path)].filter(Boolean).join(' ');
      addDocument(result, JSON.parse(line), locate);
    } catch (error) {
      result.faults.push({ place, message: `is not JSON: ${describeSyntaxError(line, error).message}` });
    }
  }
  return result;
}

function addDocument({ entries, faults }: RawFile, document: unknown, locate: Locate): void {
  if (isObject(document)) entries.push({ fields: document, locate });
  else faults.push({ place: locate([]), message: 'must be an object with id, question and answer' });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function beginsWithDocumentLine(text: string): boolean {
  const [first = '', ...rest] = text.trimStart().split('\n');
  if (!rest.some((line) => line.trim() !== '')) return false;
  try {
    return isObject(JSON.parse(first));
  } catch {
    return false;
  }
}

function describeMissingList(content: unknown): string {
  const wanted = 'must hold a list "documents"';
  if (!isObject(content)) return wanted;
  const names = Object.keys(content)
    .slice(0, 5)
    .map((name) => `"${name}"`);
  return names.length === 0
    ? wanted
    : `${wanted}, and holds ${names.join(', ')}: put the entries of all its lists into that one`;
}

interface SyntaxFault {
  offset: number;
  message: string;
}

/** JSON.parse names the place of some errors only, so a second parser says where and what it is. */
function describeSyntaxError(text: string, error: unknown): SyntaxFault {
  try {
    parseTree(text, { mode: 'json' });
  } catch (found) {
    const { offset, message } = found as { offset?: number; message: string };
    if (offset !== undefined) return { offset, message: explain(text, offset, message) };
  }
  const offset = Number(/at position (\d+)/.exec(String(error))?.[1] ?? text.length);
  return /control character/.test(String(error))
    ? { offset, message: 'a line break or tab stands within a text; write \\n or \\t' }
    : { offset, message: (error as Error).message };
}

function explain(text: string, offset: number, message: string): string {
  const character = text.charAt(offset);
  if (/[\]}]/.test(character) && text.slice(0, offset).trimEnd().endsWith(',')) {
    return `a comma stands before ${character}, where nothing follows; remove it`;
  }
  if (/['‘’“”„]/.test(character)) return 'texts and names stand between double quotes (")';
  if (/end of input/.test(message)) return 'it ends before all brackets are closed';
  if (/token (?:String|Number|LBrace|LBracket)/.test(message))
    return 'a comma or colon is missing before this';
  return message.replace(/\s*\(\d+:\d+\)$/, '').replace(/\.$/, '');
}

const lineAt = (text: string, offset: number) => text.slice(0, offset).split('\n').length;

/** Where the parts of a JSON text are. JSON.parse keeps no positions. */
function createTree(file: string, text: string) {
  let document: DocumentNode | undefined;
  try {
    document = parseTree(text, { mode: 'json' });
  } catch {
    // Nested too deeply for positions; what such values are told is told at the first line.
  }

  /** The innermost part of the path that the text has. */
  function find(path: Path): ValueNode | undefined {
    let node = document?.body;
    for (const part of path) {
      const next: ValueNode | undefined =
        node?.type === 'Array'
          ? node.elements[Number(part)]?.value
          : node?.type === 'Object'
            ? membersOf(node).findLast(({ name }) => name === part)?.value
            : undefined;
      if (next === undefined) break;
      node = next;
    }
    return node;
  }

  return {
    locate: (path: Path) => [`${file}:${find(path)?.loc.start.line ?? 1}`, formatPath(path)].join(' '),
    findRepeatedNames(path: Path): string[] {
      const node = find(path);
      const names = node?.type === 'Object' ? membersOf(node).map(({ name }) => name) : [];
      return [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];
    },
  };
}

const membersOf = (node: ObjectNode) =>
  node.members.map(({ name, value }) => ({ name: name.type === 'String' ? name.value : name.name, value }));

const formatPath = (path: Path) =>
  path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part)}`))
    .join('');
