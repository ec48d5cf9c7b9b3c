import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readKnowledgeFiles } from '../../../src/adapters/knowledge-files/read-knowledge-files.ts';
import { KnowledgeFaultsError } from '../../../src/domain/knowledge/knowledge-fault.ts';

let home: string;
let folder: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'files-'));
  folder = join(home, 'knowledge');
  await mkdir(folder);
});
afterEach(() => rm(home, { recursive: true }));

const put = (name: string, text = 'x') => writeFile(join(folder, name), text);

async function faultsOf(...paths: string[]): Promise<string[]> {
  try {
    await readKnowledgeFiles(paths);
  } catch (error) {
    if (!(error instanceof KnowledgeFaultsError)) throw error;
    return error.faults.map(({ place, message }) => `${relative(home, place)}: ${message}`);
  }
  return [];
}

describe('a folder of knowledge', () => {
  it('is read with all below it, in order, and other kinds are named', async () => {
    await mkdir(join(folder, 'b'));
    for (const name of ['b/x.md', 'a.csv', 'c.JSON', 'logo.png', '.hidden.md', 'README.md']) await put(name);
    const { files, notes } = await readKnowledgeFiles([folder]);
    expect(files.map(({ path }) => relative(folder, path))).toEqual(['a.csv', 'b/x.md', 'c.JSON']);
    expect(notes).toEqual([{ place: folder, message: expect.stringMatching(/^left out.*: logo\.png$/) }]);
  });

  it('may hold links to its own files, as mounted configuration does', async () => {
    await mkdir(join(folder, '..data'));
    await put('..data/faq.md', 'text');
    await symlink(join('..data', 'faq.md'), join(folder, 'faq.md'));
    const { files } = await readKnowledgeFiles([folder]);
    expect(files.map(({ path, bytes }) => [basename(path), Buffer.from(bytes).toString()])).toEqual([
      ['faq.md', 'text'],
    ]);
  });

  it('is refused when a link leads out of it', async () => {
    await writeFile(join(home, 'secret.md'), 'secret');
    await symlink(join(home, 'secret.md'), join(folder, 'faq.md'));
    await symlink(join(home, 'nowhere.md'), join(folder, 'gone.md'));
    expect(await faultsOf(folder)).toEqual([
      'knowledge/faq.md: is a link that leads out of the folder; name the file itself',
      'knowledge/gone.md: cannot be read: ENOENT',
    ]);
  });

  it('never follows a link to a folder, so that none is read twice or for ever', async () => {
    await put('a.md');
    await symlink(folder, join(folder, 'again'));
    await symlink(home, join(folder, 'out'));
    const { files, notes } = await readKnowledgeFiles([folder]);
    expect(files).toHaveLength(1);
    expect(notes[0]?.message).toMatch(/: again, out$/);
  });

  it('without any knowledge is a fault', async () => {
    await put('notes.txt');
    expect(await faultsOf(folder)).toEqual(['knowledge: holds no knowledge files']);
  });
});

describe('a path', () => {
  it('to a pipe is refused at once, named or found', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe.md')]);
    const expected = ['knowledge/pipe.md: is not a regular file'];
    expect(await faultsOf(join(folder, 'pipe.md'))).toEqual(expected);
    expect(await faultsOf(folder)).toEqual(expected);
  });

  it('to a file of more than 20 MB is refused', async () => {
    await put('large.csv');
    await truncate(join(folder, 'large.csv'), 20 * 2 ** 20 + 1);
    expect(await faultsOf(folder)).toEqual(['knowledge/large.csv: is larger than 20 MB']);
  });

  it('that is a link is followed, since it was named', async () => {
    await put('a.md');
    await symlink(join(folder, 'a.md'), join(home, 'link.md'));
    expect((await readKnowledgeFiles([join(home, 'link.md')])).files).toHaveLength(1);
  });
});
