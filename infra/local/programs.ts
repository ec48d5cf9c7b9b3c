import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs that npm does not have, with the name of their package in apt and in Homebrew. */
const packages = {
  'redis-server': { apt: 'redis-server', brew: 'redis' },
  nginx: { apt: 'nginx', brew: 'nginx' },
  chromium: { apt: 'chromium', brew: 'chromium' },
  shellcheck: { apt: 'shellcheck', brew: 'shellcheck' },
} as const;
export type ProgramName = keyof typeof packages;

/** Where packages put servers, though the PATH of an ordinary user may not say so. */
const serverFolders = ['/usr/local/sbin', '/usr/sbin', '/opt/homebrew/bin', '/usr/local/bin'];

function searchProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...serverFolders];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** @throws with what to install when the program is not there. */
export function findProgram(name: ProgramName): string {
  const path = searchProgram(name);
  if (path === undefined) throw new Error(describeMissing([name]));
  return path;
}

/**
 * Installs what is missing through apt or Homebrew; the servers are not started as services of the system.
 * @throws with what to install when neither can do it.
 */
export function installPrograms(
  names: readonly ProgramName[],
  report: (line: string) => void = console.log,
): void {
  const missing = names.filter((name) => searchProgram(name) === undefined);
  if (missing.length === 0) return;
  if (searchProgram('apt-get')) {
    report(`installing ${missing.join(' and ')} with apt`);
    installWithApt(missing.map((name) => packages[name].apt));
  } else if (searchProgram('brew')) {
    report(`installing ${missing.join(' and ')} with Homebrew`);
    spawnSync('brew', ['install', ...missing.map((name) => packages[name].brew)], { stdio: 'inherit' });
  }
  const stillMissing = missing.filter((name) => searchProgram(name) === undefined);
  if (stillMissing.length > 0) throw new Error(describeMissing(stillMissing));
}

/**
 * Packages of Debian start their servers as they are installed. policy-rc.d, put there for the while, forbids it
 * (Debian Policy 9.3.3.1); one that is there already is left alone.
 */
const aptScript = `
set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi
install() { apt-get install -y -q --no-install-recommends "$@"; }
install "$@" || { apt-get update -q && install "$@"; }
`;

function installWithApt(names: readonly string[]) {
  const command = ['env', 'DEBIAN_FRONTEND=noninteractive', 'sh', '-c', aptScript, 'sh', ...names];
  const isRoot = process.getuid?.() === 0;
  const sudo = process.stdin.isTTY ? ['sudo'] : ['sudo', '-n'];
  const [program = '', ...rest] = isRoot ? command : [...sudo, ...command];
  spawnSync(program, rest, { stdio: 'inherit' });
}

function describeMissing(names: readonly ProgramName[]): string {
  const apt = names.map((name) => packages[name].apt).join(' ');
  const brew = names.map((name) => packages[name].brew).join(' ');
  return [
    `${names.join(' and ')} could not be found or installed. To install by hand:`,
    `  Debian, Ubuntu:  sudo apt-get install ${apt}`,
    `  macOS:           brew install ${brew}`,
    'or run the system with Docker: cp .env.example .env && docker compose up -d --build --scale api=3',
  ].join('\n');
}
