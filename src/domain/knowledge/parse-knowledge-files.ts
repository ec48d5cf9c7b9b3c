import { findNearDuplicates } from './find-near-duplicates.ts';
import type { KnowledgeEntry } from './knowledge-entry.ts';
import { type KnowledgeFault, KnowledgeFaultsError } from './knowledge-fault.ts';
import type { AudienceWords } from './parse-audience.ts';
import { parseCsvKnowledge } from './parse-csv-knowledge.ts';
import { parseEntries } from './parse-entry.ts';
import { parseJsonKnowledge, type RawFile } from './parse-json-knowledge.ts';
import { parseMarkdownKnowledge } from './parse-markdown-knowledge.ts';

export interface KnowledgeFile {
  /** As the operator wrote it; stands in messages. */
  path: string;
  bytes: Uint8Array;
}

const parsers: Readonly<Record<string, (file: string, text: string) => RawFile>> = {
  '.json': parseJsonKnowledge,
  '.md': parseMarkdownKnowledge,
  '.csv': parseCsvKnowledge,
};

export const knowledgeFileExtensions = Object.keys(parsers);

/**
 * The entries of all files, in their order.
 * @throws KnowledgeFaultsError with every fault of every file
 */
export function parseKnowledgeFiles(
  files: readonly KnowledgeFile[],
  words: AudienceWords,
): {
  entries: KnowledgeEntry[];
  warnings: KnowledgeFault[];
} {
  const parsedFiles = files.map(parseFile);
  const { entries, faults, warnings } = parseEntries(
    parsedFiles.flatMap((file) => file.entries),
    words,
  );
  const allFaults = [...parsedFiles.flatMap((file) => file.faults), ...faults];
  if (allFaults.length > 0) throw new KnowledgeFaultsError(allFaults.sort(byPlace));
  return {
    entries: entries.map(({ entry }) => entry),
    warnings: [...warnings, ...findNearDuplicates(entries)],
  };
}

const byPlace = (a: KnowledgeFault, b: KnowledgeFault) =>
  a.place.localeCompare(b.place, 'en', { numeric: true });

function parseFile({ path, bytes }: KnowledgeFile): RawFile {
  const fault = (message: string): RawFile => ({ entries: [], faults: [{ place: path, message }] });
  const parse = parsers[/\.[^.]+$/.exec(path.toLowerCase())?.[0] ?? ''];
  if (parse === undefined) return fault(`is not of a known kind (${knowledgeFileExtensions.join(', ')})`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return fault('is not UTF-8 text');
  }
  const parsed = parse(path, text);
  return parsed.entries.length + parsed.faults.length > 0 ? parsed : fault('holds no entries');
}
