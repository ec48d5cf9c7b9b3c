import {
  closeSync,
  createReadStream,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { DataSubject, PersonalData, SearchedPlace } from '../../domain/statistics/data-subject.ts';
import { namesPerson } from '../../domain/statistics/names-person.ts';

export interface LogFilesOptions {
  /** Path of the log of chats as configured. Its lines are deleted; undefined when chats are not logged. */
  chatFile: string | undefined;
  /** Paths of logs that hold no names: they are searched, and left alone. */
  otherFiles: readonly string[];
  /** Names by which log lines know a person. */
  namesOf: (subject: DataSubject) => readonly string[];
}

/** The log files that this replica can read, siblings' in the same folder among them. `erase` returns how many lines went. */
export function createLogFilesPersonalData(options: LogFilesOptions): PersonalData<number> {
  const { chatFile, otherFiles, namesOf } = options;
  return {
    async erase(subject) {
      if (chatFile === undefined) return 0;
      const names = namesOf(subject);
      let lines = 0;
      for (const path of await filesOf(chatFile)) lines += await deleteLines(path, names);
      return lines;
    },

    async search(subject) {
      const names = namesOf(subject);
      const found = [];
      let records = 0;
      for (const file of [...(chatFile === undefined ? [] : [chatFile]), ...otherFiles]) {
        for (const path of await filesOf(file)) {
          const { lines, hits } = await countLines(path, names);
          records += lines;
          if (hits > 0) found.push({ place: basename(path), records: hits });
        }
      }
      return { place: 'log files', records, found } satisfies SearchedPlace;
    },
  };
}

/** `logs/app.log` is configured, `logs/app.api-1.3.log` is written: by replica, with a number. */
async function filesOf(file: string): Promise<string[]> {
  const extension = extname(file) || '.log';
  const prefix = `${basename(file, extname(file))}.`;
  const names = await readdir(dirname(file)).catch(() => []);
  return names
    .filter((name) => name.startsWith(prefix) && name.endsWith(extension))
    .sort()
    .map((name) => join(dirname(file), name));
}

async function countLines(path: string, names: readonly string[]): Promise<{ lines: number; hits: number }> {
  let [lines, hits] = [0, 0];
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      lines += 1;
      if (names.some((name) => namesPerson(line, name))) hits += 1;
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  return { lines, hits };
}

/** In place, for the file may be open for appending. What is added meanwhile is kept, or deleted as well. */
async function deleteLines(path: string, names: readonly string[]): Promise<number> {
  // Not lines of others that mention the person.
  const marks = names.flatMap((name) =>
    ['userId', 'sessionHash'].map((field) => `"${field}":${JSON.stringify(name)}`),
  );
  const isTheirs = (line: string) => marks.some((mark) => line.includes(mark));
  const read = await readFile(path).catch((error: unknown) => {
    if (isGone(error)) return undefined;
    throw error;
  });
  if (read === undefined) return 0;
  const before = withoutLines(read.toString(), isTheirs);
  const file = openSync(path, 'r+');
  try {
    const added = Buffer.alloc(Math.max(0, fstatSync(file).size - read.length));
    if (added.length > 0) readSync(file, added, 0, added.length, read.length);
    const after = withoutLines(added.toString(), isTheirs);
    const deleted = before.deleted + after.deleted;
    if (deleted > 0) ftruncateSync(file, writeWhole(file, before.kept + after.kept));
    return deleted;
  } finally {
    closeSync(file);
  }
}

/** Returns the length in bytes. */
function writeWhole(file: number, text: string): number {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, at);
  return bytes.length;
}

function withoutLines(text: string, isTheirs: (line: string) => boolean): { kept: string; deleted: number } {
  const lines = text.split(/(?<=\n)/);
  const kept = lines.filter((line) => !isTheirs(line));
  return { kept: kept.join(''), deleted: lines.length - kept.length };
}

function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
