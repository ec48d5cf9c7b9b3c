import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { DocumentRefusal } from '../../domain/knowledge/converted-document.ts';
import { type KnowledgeFault, KnowledgeFaultsError } from '../../domain/knowledge/knowledge-fault.ts';
import { type KnowledgeFile, knowledgeFileExtensions } from '../../domain/knowledge/parse-knowledge-files.ts';
import { convertDocument, type DocumentKind } from '../documents/convert-document.ts';

export interface ReadFiles {
  files: KnowledgeFile[];
  /** What was left out on purpose. */
  notes: KnowledgeFault[];
}

const megabyte = 2 ** 20;
const maxFileBytes = 20 * megabyte;
const maxAllBytes = 200 * megabyte;
const maxFiles = 10_000;
const maxFolderDepth = 32;
const maxNamesInNote = 5;

const documentKinds: Readonly<Record<string, DocumentKind>> = {
  '.html': 'html',
  '.htm': 'html',
  '.docx': 'docx',
  '.pdf': 'pdf',
};

/** What a path cannot be used for, in words for its owner. */
class Refusal extends Error {}

/**
 * Reads files, and folders with all below them, in alphabetical order. Within folders README.md and hidden files are
 * left out, and other kinds of files with a note. Only regular files are opened, a link within a folder only when it
 * leads to a file in that folder, and no more is read than 20 MB a file and 200 MB in all.
 * @throws KnowledgeFaultsError naming every path that cannot be read, or holds no knowledge file
 */
export async function readKnowledgeFiles(paths: readonly string[]): Promise<ReadFiles> {
  const faults: KnowledgeFault[] = [];
  const notes: KnowledgeFault[] = [];
  const files = new Map<string, KnowledgeFile>();
  let leftBytes = maxAllBytes;

  const attempt = async (path: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      faults.push({ place: path, message: describe(error) });
    }
  };
  const read = (path: string) =>
    attempt(path, async () => {
      if (files.size >= maxFiles) throw new Refusal(`is one of more than ${maxFiles} files`);
      const bytes = await readRegularFile(path, leftBytes);
      leftBytes -= bytes.length;
      const kind = documentKinds[extname(path).toLowerCase()];
      const document = kind && (await convertDocument({ kind, bytes, url: undefined }));
      files.set(path, { path, bytes, ...(document && { document }) });
    });

  for (const path of paths) {
    await attempt(path, async () => {
      if (!(await stat(path)).isDirectory()) return read(path);
      const listing = await listFolder(path, await realpath(path));
      notes.push(...listing.notes);
      faults.push(...listing.faults);
      if (listing.paths.length + listing.faults.length === 0) throw new Refusal('holds no knowledge files');
      for (const each of listing.paths) await read(each);
    });
  }
  if (faults.length > 0) throw new KnowledgeFaultsError(faults);
  return { files: [...files.values()], notes };
}

function describe(error: unknown): string {
  if (error instanceof Refusal || error instanceof DocumentRefusal) return error.message;
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  return `cannot be read: ${code}`;
}

/** Opening waits for nobody: a pipe without a writer would otherwise hold the command for ever. */
async function readRegularFile(path: string, leftBytes: number): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw new Refusal('is not a regular file');
    const bytes = await readUpTo(file, Math.min(maxFileBytes, leftBytes) + 1);
    if (bytes.length > maxFileBytes) throw new Refusal(`is larger than ${maxFileBytes / megabyte} MB`);
    if (bytes.length > leftBytes) throw new Refusal(`is beyond ${maxAllBytes / megabyte} MB in all files`);
    return bytes;
  } finally {
    await file.close();
  }
}

/** Counts what is read, not what the file system says of the size: a file may grow meanwhile. */
async function readUpTo(file: FileHandle, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let left = maxBytes;
  while (left > 0) {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(Math.min(left, megabyte)) });
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    left -= bytesRead;
  }
  return Buffer.concat(chunks);
}

interface Listing {
  paths: string[];
  faults: KnowledgeFault[];
  notes: KnowledgeFault[];
}

async function listFolder(folder: string, root: string, depth = 0): Promise<Listing> {
  const listing: Listing = { paths: [], faults: [], notes: [] };
  const others: string[] = [];
  const names = (await readdir(folder))
    .filter((name) => !name.startsWith('.') && name.toLowerCase() !== 'readme.md')
    .sort();
  for (const name of names) {
    const path = join(folder, name);
    try {
      const kind = await findKind(path, root);
      if (kind === 'folder') {
        if (depth === maxFolderDepth) throw new Refusal(`lies more than ${maxFolderDepth} folders deep`);
        const inside = await listFolder(path, root, depth + 1);
        listing.paths.push(...inside.paths);
        listing.faults.push(...inside.faults);
        listing.notes.push(...inside.notes);
      } else if (kind === 'file') {
        listing.paths.push(path);
      } else {
        others.push(name);
      }
    } catch (error) {
      listing.faults.push({ place: path, message: describe(error) });
    }
  }
  if (others.length > 0) listing.notes.push({ place: folder, message: describeOthers(others) });
  return listing;
}

async function findKind(path: string, root: string): Promise<'folder' | 'file' | 'other'> {
  const isKnown = knowledgeFileExtensions.includes(extname(path).toLowerCase());
  const isLink = (await lstat(path)).isSymbolicLink();
  if (isLink) {
    if (!isKnown) return 'other';
    // Mounted configuration holds links to files beside them, which is fine.
    const isInside = (await realpath(path)).startsWith(root.endsWith(sep) ? root : root + sep);
    if (!isInside) throw new Refusal('is a link that leads out of the folder; name the file itself');
  }
  const target = await stat(path);
  if (target.isDirectory()) return isLink ? 'other' : 'folder';
  if (!isKnown) return 'other';
  if (!target.isFile()) throw new Refusal('is not a regular file');
  return 'file';
}

function describeOthers(names: readonly string[]): string {
  const shown = names.slice(0, maxNamesInNote).join(', ');
  const rest = names.length > maxNamesInNote ? `, and ${names.length - maxNamesInNote} more` : '';
  return `left out, being of no known kind (${knowledgeFileExtensions.join(', ')}): ${shown}${rest}`;
}
