/** `npm run build`: src to dist, for the replicas and for the commands of operators. */
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const stamp = join(root, 'dist/.built');
const sources = ['src', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

/** Builds anew, from nothing. */
export async function build() {
  const { buildWeb } = await import('../../src/web/build.mjs');
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  execFileSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '--project', join(root, 'tsconfig.build.json')],
    { stdio: 'inherit' },
  );
  cpSync(join(root, 'src/adapters/redis/scripts'), join(root, 'dist/adapters/redis/scripts'), {
    recursive: true,
  });
  await buildWeb(join(root, 'dist/web'));
  writeFileSync(stamp, '');
}

/** Builds if a source is newer than what was built last, or was removed since. */
export async function ensureBuild() {
  const builtAtMs = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (sources.some((source) => newestChangeMs(join(root, source)) > builtAtMs)) await build();
}

/**
 * @param {string} path
 * @returns {number} of the file, or of the folder and all in it; a folder changes when a file is added or removed
 */
function newestChangeMs(path) {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(path).map((name) => newestChangeMs(join(path, name))));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
