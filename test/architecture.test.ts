import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../src', import.meta.url));

/** What each part of src may import of the others. */
const allowedParts: Readonly<Record<string, readonly string[]>> = {
  bin: ['composition', 'config', 'adapters', 'telemetry', 'domain'],
  composition: ['http', 'adapters', 'config', 'telemetry', 'domain'],
  http: ['telemetry', 'domain'],
  // The type of a secret that may change under way.
  adapters: ['config', 'domain'],
  telemetry: ['domain'],
  config: [],
  domain: [],
};

/** The rooms of the domain, each of which imports only those after it. Files beside them import no room. */
const rooms = [
  'chat',
  'improvement',
  'statistics',
  'retrieval',
  'knowledge',
  'sessions',
  'access',
  'models',
  'language',
];

/** Packages without I/O; Node's own are named below. */
const purePackages = [
  'zod',
  'minisearch',
  'yaml',
  'csv-parse',
  'dataloader',
  '@orama/stemmers',
  'markdown-it',
  'entities',
  'hast-util-from-html',
  'hast-util-to-mdast',
  'html-tag-names',
  'mdast-util-gfm-strikethrough',
  'mdast-util-gfm-table',
  'mdast-util-to-markdown',
  '@humanwhocodes/momoa',
  // Types alone.
  'hast',
  'mdast',
];
const pureNodeModules = ['node:crypto', 'node:timers/promises', 'node:util'];

/** SDKs, each known to one folder or file only. */
const homes: Readonly<Record<string, string>> = {
  ioredis: 'adapters/redis',
  'rate-limiter-flexible': 'adapters/redis',
  postgres: 'adapters/postgres',
  'drizzle-orm': 'adapters/postgres',
  chromadb: 'adapters/chroma',
  '@google/generative-ai': 'adapters/gemini',
  mammoth: 'adapters/documents',
  fflate: 'adapters/documents',
  unpdf: 'adapters/documents',
  hono: 'http',
  '@hono/zod-openapi': 'http',
  '@opentelemetry/api': 'telemetry/open-telemetry.ts',
  '@opentelemetry/core': 'telemetry/open-telemetry.ts',
  '@opentelemetry/exporter-trace-otlp-http': 'telemetry/open-telemetry.ts',
  '@opentelemetry/resources': 'telemetry/open-telemetry.ts',
  '@opentelemetry/sdk-trace': 'telemetry/open-telemetry.ts',
};

interface Import {
  /** Path in src. */
  readonly from: string;
  /** Path in src, or the name of a package. */
  readonly to: string;
  readonly isOurs: boolean;
  readonly isTypeOnly: boolean;
  /** Loaded when it is needed. */
  readonly isLazy: boolean;
}

const sourceFiles = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.startsWith('web/'))
  .map((path) => join(root, path));

function importsOf(file: string): Import[] {
  const statement =
    /^(?:import|export)(?<type> type)?\b[^'"`;]*?from '(?<name>[^']+)'|\bimport\('(?<lazy>[^']+)'\)/gm;
  return [...readFileSync(file, 'utf8').matchAll(statement)].map(({ groups = {} }) => {
    const name = groups.name ?? groups.lazy ?? '';
    const isOurs = name.startsWith('.');
    const to = isOurs ? relative(root, join(dirname(file), name)) : name;
    return {
      from: relative(root, file),
      to,
      isOurs,
      isTypeOnly: groups.type !== undefined,
      isLazy: groups.lazy !== undefined,
    };
  });
}

const imports = sourceFiles.flatMap(importsOf);
const partOf = (path: string) => (path.split('/')[0] ?? '').replace(/\.ts$/, '');
const packageOf = (name: string) =>
  name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : (name.split('/')[0] ?? '');
const describeImport = ({ from, to }: Import) => `${from} -> ${to}`;

describe('imports', () => {
  test('go down only: bin, composition, then http and adapters, which do not know each other, then domain', () => {
    const wrong = imports.filter(({ from, to, isOurs }) => {
      const [importer, imported] = [partOf(from), partOf(to)];
      return isOurs && importer !== imported && !allowedParts[importer]?.includes(imported);
    });
    expect(imports.length).toBeGreaterThan(100);
    expect(wrong.map(describeImport)).toEqual([]);
  });

  test('within the domain go down the order of its rooms only', () => {
    const roomOf = (path: string) => {
      const [part, room, file] = path.split('/');
      return part === 'domain' && file !== undefined ? room : undefined;
    };
    const inDomain = imports.filter(({ from, to }) => partOf(from) === 'domain' && partOf(to) === 'domain');
    expect(
      new Set(inDomain.map(({ from }) => roomOf(from) ?? 'chat').filter((room) => !rooms.includes(room))),
    ).toEqual(new Set());
    const wrong = inDomain.filter(({ from, to }) => {
      const [importer, imported] = [roomOf(from), roomOf(to)];
      if (imported === undefined || importer === imported) return false;
      return importer === undefined || rooms.indexOf(imported) <= rooms.indexOf(importer);
    });
    expect(inDomain.length).toBeGreaterThan(100);
    expect(wrong.map(describeImport)).toEqual([]);
  });

  test('of the domain are its own files and packages that do no I/O', () => {
    const wrong = imports.filter(({ from, to, isOurs }) => {
      if (isOurs || partOf(from) !== 'domain') return false;
      return !pureNodeModules.includes(to) && !purePackages.includes(packageOf(to));
    });
    expect(wrong.map(describeImport)).toEqual([]);
  });

  test('of an SDK are in the one folder or file that wraps it', () => {
    const wrong = imports.filter(({ from, to, isOurs, isTypeOnly }) => {
      const home = isOurs ? undefined : homes[packageOf(to)];
      // The composition hands sub-apps on, whose type is Hono's.
      return (
        home !== undefined &&
        !`${from}/`.startsWith(`${home}/`) &&
        !(isTypeOnly && partOf(from) === 'composition')
      );
    });
    expect(wrong.map(describeImport)).toEqual([]);
  });

  test('of OpenTelemetry are left out where nothing is traced', () => {
    const importers = imports.filter(({ to, isOurs }) => isOurs && to === 'telemetry/open-telemetry.ts');
    expect(importers.map(({ isLazy }) => isLazy)).toEqual([true]);
  });

  test('of Node say that they are Node’s', () => {
    const wrong = imports.filter(({ to, isOurs }) => !isOurs && builtinModules.includes(to));
    expect(wrong.map(describeImport)).toEqual([]);
  });
});

test('the environment is read by the processes in bin alone', () => {
  const readers = sourceFiles.filter((file) => /\bprocess\.env\b/.test(readFileSync(file, 'utf8')));
  expect(readers.map((file) => relative(root, file)).filter((path) => partOf(path) !== 'bin')).toEqual([]);
});

test('only bin ends the process', () => {
  const enders = sourceFiles.filter((file) => /\bprocess\.exit\b/.test(readFileSync(file, 'utf8')));
  expect(enders.map((file) => relative(root, file)).filter((path) => partOf(path) !== 'bin')).toEqual([]);
});
