import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { listLicences } from '../../infra/supply-chain/licences.ts';

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      integrity: z.string().optional(),
      license: z.string().optional(),
      link: z.boolean().optional(),
      dev: z.boolean().optional(),
      optional: z.boolean().optional(),
      hasInstallScript: z.boolean().optional(),
    }),
  ),
});

const { packages } = lockSchema.parse(JSON.parse(readFileSync('package-lock.json', 'utf8')));
const locked = Object.entries(packages).filter(([path, { link }]) => path !== '' && !link);

/** Chroma's own server for these platforms could not be looked up; releases leave it out. */
const withoutHash = ['darwin-arm64', 'darwin-x64', 'linux-arm64-gnu', 'win32-x64-msvc'].map(
  (platform) => `node_modules/chromadb-js-bindings-${platform}`,
);

describe('every package', () => {
  test('has a hash in the lock file, but for those that could not be looked up', () => {
    const missing = locked.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ''));
    expect(missing.map(([path]) => path)).toEqual(withoutHash);
    for (const [, { optional }] of missing) expect(optional).toBe(true);
  });

  test('of a release runs nothing when it is installed', () => {
    const running = locked.filter(([, { dev, hasInstallScript }]) => hasInstallScript && !dev);
    expect(running.map(([path]) => path)).toEqual([]);
  });

  test('of a release has a licence that is allowed', () => {
    const refused = listLicences(packages).filter(({ allowed }) => !allowed);
    expect(refused.map(({ name }) => `node_modules/${name}`)).toEqual(withoutHash);
  });
});

test('a licence to choose from is allowed by one choice, several at once only together', () => {
  const licences = listLicences({
    'node_modules/choice': { license: '(MIT OR GPL-3.0-only)' },
    'node_modules/copyleft': { license: 'GPL-3.0-only' },
    'node_modules/both': { license: 'MIT AND GPL-3.0-only' },
    'node_modules/tool': { license: 'GPL-3.0-only', dev: true },
  });
  expect(licences.map(({ name, allowed }) => [name, allowed])).toEqual([
    ['both', false],
    ['choice', true],
    ['copyleft', false],
  ]);
});

test('the bill of materials names all that a release is made of, with hashes, and no tools', () => {
  const output = execFileSync('npm', ['run', '--silent', 'sbom'], { encoding: 'utf8' });
  const { bomFormat, components } = JSON.parse(output) as {
    bomFormat: string;
    components: { 'bom-ref': string; hashes?: object[] }[];
  };
  expect(bomFormat).toBe('CycloneDX');
  const release = locked
    .filter(([, { dev }]) => !dev)
    .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`);
  expect(components.map((component) => component['bom-ref']).sort()).toEqual([...new Set(release)].sort());
  const unhashed = components.filter(({ hashes = [] }) => hashes.length === 0);
  expect(unhashed.map((component) => `node_modules/${component['bom-ref'].replace(/@[^@]*$/, '')}`)).toEqual(
    withoutHash,
  );
});
