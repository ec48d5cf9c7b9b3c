import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { removePostgresData } from '../../infra/local/postgres.ts';
import { projectPath } from '../../infra/local/project-root.ts';
import { startStores } from '../../infra/local/stores.ts';
import { createTemporaryFolder, removeTemporaryFolder } from './temporary-folder.ts';

export const shippedKnowledgeBase = 'infra/knowledge';
/** What the stores' content is made from. */
const sources = [shippedKnowledgeBase, 'infra/postgres/migrations', 'src', 'package-lock.json'];
const stores = ['postgres', 'chroma'];

/** Of the Postgres in every test stack: it is part of the data. */
export const postgresPassword = 'password-of-the-tests';

const cache = () => projectPath('.local/cache');
const keptStores = () => join(cache(), `stores-${hashSources()}`);

/**
 * Embeds the shipped knowledge base, which takes most of a stack's start, into stores that all tests copy; they are
 * kept until one of their sources changes.
 */
export async function prepareStores(): Promise<void> {
  const kept = keptStores();
  if (existsSync(kept)) return;
  rmSync(cache(), { recursive: true, force: true });
  const unfinished = `${kept}.unfinished`;
  mkdirSync(unfinished, { recursive: true });
  const dataDir = createTemporaryFolder();
  const filled = await startStores({
    dataDir,
    postgresPassword,
    durable: false,
    variables: { ENVIRONMENT: 'development', EMBEDDING_MODEL: 'local' },
    knowledgeBasePath: shippedKnowledgeBase,
  });
  await filled.stop();
  for (const store of stores) copyFolder(join(dataDir, store), join(unfinished, store));
  removePostgresData(join(dataDir, 'postgres'));
  removeTemporaryFolder(dataDir);
  renameSync(unfinished, kept);
}

/** Fills a data folder with stores that hold the shipped knowledge base. */
export function copyPreparedStores(dataDir: string): void {
  for (const store of stores) copyFolder(join(keptStores(), store), join(dataDir, store));
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
