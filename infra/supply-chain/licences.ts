/** Prints the packages of a release with their licences. Exit code 1: one has a licence that is not allowed. */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

interface LockedPackage {
  version?: string | undefined;
  license?: string | undefined;
  dev?: boolean | undefined;
  optional?: boolean | undefined;
}

export interface Licence {
  name: string;
  version: string;
  /** SPDX expression, or `not stated`. */
  licence: string;
  /** Left out of the image. */
  optional: boolean;
  allowed: boolean;
}

/** Licences that let a service be run and changed without conditions on its own code. */
const allowedLicences = [
  'MIT',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'Unlicense',
  'CC0-1.0',
  'BlueOak-1.0.0',
  'PSF-2.0',
  'Zlib',
  // No SPDX name; older packages mean BSD-2-Clause or BSD-3-Clause.
  'BSD',
];

/** Of `packages` in package-lock.json; development packages are left out. Sorted by name. */
export function listLicences(packages: Readonly<Record<string, LockedPackage>>): Licence[] {
  return Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && !dev)
    .map(([path, { version = '', license = 'not stated', optional = false }]) => ({
      name: path.replace(/^.*node_modules\//, ''),
      version,
      licence: license,
      optional,
      allowed: isAllowed(license),
    }))
    .sort((one, other) => one.name.localeCompare(other.name));
}

/** One of several that may be chosen from suffices. */
function isAllowed(expression: string): boolean {
  return expression
    .replaceAll(/[()]/g, '')
    .split(/\s+OR\s+/)
    .some((choice) => choice.split(/\s+AND\s+/).every((licence) => allowedLicences.includes(licence)));
}

function main(): void {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const licences = listLicences(packages);
  for (const { name, version, licence, allowed } of licences) {
    console.log(`${name}@${version}\t${licence}${allowed ? '' : '\tNOT ALLOWED'}`);
  }
  // What is optional and states nothing is no part of the image.
  const isFault = ({ allowed, optional, licence }: Licence) =>
    !allowed && !(optional && licence === 'not stated');
  process.exitCode = licences.some(isFault) ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
