import type { ConvertedDocument } from './converted-document.ts';
import { decodeText } from './decode-text.ts';
import { findNearDuplicates } from './find-near-duplicates.ts';
import type { KnowledgeEntry } from './knowledge-entry.ts';
import { type KnowledgeFault, KnowledgeFaultsError } from './knowledge-fault.ts';
import type { AudienceWords } from './parse-audience.ts';
import { parseCsvKnowledge } from './parse-csv-knowledge.ts';
import { parseDocumentKnowledge } from './parse-document-knowledge.ts';
import { parseEntries } from './parse-entry.ts';
import { parseJsonKnowledge, parseJsonLinesKnowledge } from './parse-json-knowledge.ts';
import { parseMarkdownKnowledge } from './parse-markdown-knowledge.ts';
import { type HiddenQuestion, type RawFile, refuse } from './raw-file.ts';

export interface KnowledgeFile {
  /** As the operator wrote it; stands in messages. */
  path: string;
  bytes: Uint8Array;
  /** Set for web pages, Word files and PDF, whose bytes say nothing here. */
  document?: ConvertedDocument;
}

export interface ParsedKnowledge {
  entries: KnowledgeEntry[];
  /** What was left out or read otherwise than it stands there. */
  warnings: KnowledgeFault[];
  /** What looks like questions where none can be: entries of these are not removed for being missing. */
  hiddenQuestions: HiddenQuestion[];
}

const parsers: Readonly<Record<string, (file: string, text: string) => RawFile>> = {
  '.json': parseJsonKnowledge,
  '.jsonl': parseJsonLinesKnowledge,
  '.ndjson': parseJsonLinesKnowledge,
  '.md': parseMarkdownKnowledge,
  '.markdown': parseMarkdownKnowledge,
  '.csv': parseCsvKnowledge,
  '.tsv': parseCsvKnowledge,
};

export const documentExtensions = ['.html', '.htm', '.docx', '.pdf'];
export const knowledgeFileExtensions = [...Object.keys(parsers), ...documentExtensions];

/**
 * The entries of all files, in their order.
 * @throws KnowledgeFaultsError with every fault of every file
 */
export function parseKnowledgeFiles(files: readonly KnowledgeFile[], words: AudienceWords): ParsedKnowledge {
  const parsedFiles = files.map(parseFile);
  const { entries, faults, warnings } = parseEntries(
    parsedFiles.flatMap((file) => file.entries),
    words,
  );
  const allFaults = [...parsedFiles.flatMap((file) => file.faults), ...faults];
  if (allFaults.length > 0) throw new KnowledgeFaultsError(allFaults.sort(byPlace));
  return {
    entries: entries.map(({ entry }) => entry),
    warnings: [...parsedFiles.flatMap((file) => file.notes), ...warnings, ...findNearDuplicates(entries)],
    hiddenQuestions: parsedFiles.flatMap((file) => file.hiddenQuestions),
  };
}

const { compare: comparePlaces } = new Intl.Collator('en', { numeric: true });
const byPlace = (a: KnowledgeFault, b: KnowledgeFault) => comparePlaces(a.place, b.place);

function parseFile({ path, bytes, document }: KnowledgeFile): RawFile {
  if (document) return parseDocumentKnowledge(path, document);
  const parse = parsers[/\.[^.]+$/.exec(path.toLowerCase())?.[0] ?? ''];
  if (parse === undefined) {
    return refuse(path, `is not of a known kind (${knowledgeFileExtensions.join(', ')})`);
  }
  const decoded = decodeText(bytes);
  if (decoded === undefined) return refuse(path, 'is not text in UTF-8, nor in what Excel writes');
  const parsed = parse(path, decoded.text);
  if (parsed.entries.length + parsed.faults.length === 0) return refuse(path, 'holds no entries');
  if (decoded.guessed === undefined) return parsed;
  const message = `is not UTF-8 and was read as ${decoded.guessed}; look at its special characters`;
  return { ...parsed, notes: [{ place: path, message }, ...parsed.notes] };
}
