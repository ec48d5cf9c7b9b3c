import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { projectPath } from '../../infra/local/project-root.ts';

/** The release that running installations are updated from. */
const commit = 'e6e9b644bfcc69f84f6fdac865146f4b9797abd0';

const git = (...parameters: string[]) =>
  execFileSync('git', parameters, {
    cwd: projectPath('.'),
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });

/** False in a shallow clone, and where there is no git. */
export function hasOldRelease(): boolean {
  try {
    git('cat-file', '-e', `${commit}^{commit}`);
    return true;
  } catch {
    return false;
  }
}

/**
 * Folder of that release, built with the packages of this one, which have all that it needs; kept for the next time.
 * @throws Error where `hasOldRelease` is false.
 */
export function ensureOldRelease(): string {
  const folder = projectPath(`.local/releases/${commit.slice(0, 12)}`);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  execFileSync('tar', ['-x', '-C', unfinished], { input: git('archive', commit) });
  symlinkSync(projectPath('node_modules'), join(unfinished, 'node_modules'));
  execFileSync(process.execPath, ['infra/local/build.mjs'], { cwd: unfinished, stdio: 'pipe' });
  renameSync(unfinished, folder);
  return folder;
}
