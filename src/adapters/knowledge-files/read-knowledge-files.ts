import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { type KnowledgeFault, KnowledgeFaultsError } from '../../domain/knowledge/knowledge-fault.ts';
import { type KnowledgeFile, knowledgeFileExtensions } from '../../domain/knowledge/parse-knowledge-files.ts';

/**
 * Reads files, and folders with all below them, in alphabetical order. Within folders README.md, hidden files and
 * other kinds of files are left out.
 * @throws KnowledgeFaultsError naming every path that cannot be read, or holds no knowledge file
 */
export async function readKnowledgeFiles(paths: readonly string[]): Promise<KnowledgeFile[]> {
  const faults: KnowledgeFault[] = [];
  const files = new Map<string, KnowledgeFile>();
  for (const path of paths) {
    try {
      const found = await listFiles(path);
      if (found.length === 0) faults.push({ place: path, message: 'holds no knowledge files' });
      for (const file of found) files.set(file, { path: file, bytes: await readFile(file) });
    } catch (error) {
      faults.push({ place: path, message: `cannot be read: ${(error as NodeJS.ErrnoException).code}` });
    }
  }
  if (faults.length > 0) throw new KnowledgeFaultsError(faults);
  return [...files.values()];
}

async function listFiles(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const inside = await readdir(path, { withFileTypes: true });
  const lists = await Promise.all(
    inside
      .filter(({ name }) => !name.startsWith('.') && name.toLowerCase() !== 'readme.md')
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((item) => {
        const itemPath = join(path, item.name);
        if (item.isDirectory()) return listFiles(itemPath);
        return knowledgeFileExtensions.includes(extname(item.name).toLowerCase()) ? [itemPath] : [];
      }),
  );
  return lists.flat();
}
