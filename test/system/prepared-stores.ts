import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { removePostgresData } from '../../infra/local/postgres.ts';
import { projectPath } from '../../infra/local/project-root.ts';
import { type StoreOptions, startStores } from '../../infra/local/stores.ts';
import { createTemporaryFolder, removeTemporaryFolder } from './temporary-folder.ts';

/** What the stores' content is made from. */
const sources = ['infra/knowledge', 'infra/postgres/migrations', 'src', 'package-lock.json'];
const stores = ['postgres', 'chroma'];

/**
 * Fills a data folder with stores that hold the shipped knowledge base. It is embedded, which takes most of a stack's
 * start, by the first call; the result is kept until one of its sources changes.
 */
export async function copyPreparedStores(dataDir: string, options: StoreOptions): Promise<void> {
  const cache = projectPath('.local/cache');
  const kept = join(cache, `stores-${hashSources()}`);
  if (!existsSync(kept)) {
    rmSync(cache, { recursive: true, force: true });
    mkdirSync(cache, { recursive: true });
    await prepareStores(kept, options);
  }
  for (const store of stores) copyFolder(join(kept, store), join(dataDir, store));
}

async function prepareStores(kept: string, options: StoreOptions): Promise<void> {
  const dataDir = createTemporaryFolder();
  const filled = await startStores({ ...options, dataDir });
  await filled.stop();
  const unfinished = `${kept}.${process.pid}`;
  mkdirSync(unfinished);
  for (const store of stores) copyFolder(join(dataDir, store), join(unfinished, store));
  removePostgresData(join(dataDir, 'postgres'));
  removeTemporaryFolder(dataDir);
  renameSync(unfinished, kept);
}

/** With owners and modes: Postgres insists on both. The trailing dot follows a data folder that is a link. */
const copyFolder = (from: string, to: string) => {
  mkdirSync(to);
  execFileSync('cp', ['-a', `${from}/.`, to]);
};

function hashSources(): string {
  const hash = createHash('sha256');
  for (const source of sources) addToHash(projectPath(source));
  return hash.digest('hex').slice(0, 16);

  function addToHash(path: string) {
    hash.update(path);
    if (statSync(path).isDirectory())
      for (const name of readdirSync(path).sort()) addToHash(join(path, name));
    else hash.update(readFileSync(path));
  }
}
