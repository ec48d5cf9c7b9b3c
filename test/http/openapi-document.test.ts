import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createService, type Service } from '../../src/composition/service.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { buildWeb } from '../../src/web/build.mjs';
import { institution } from '../fixtures/institution.ts';

interface Operation {
  summary?: string;
  tags?: string[];
  security?: Record<string, string[]>[];
  responses: Record<string, unknown>;
}
interface OpenApiDocument {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  tags: { name: string }[];
  components: { schemas: Record<string, unknown> };
}

/** What people look at; not part of the API. */
const pages = ['/', '/widget', '/widget.js', '/docs'];
const connection = {
  incoming: { socket: { remoteAddress: '127.0.0.1' } },
  outgoing: { writableFinished: true },
};

let webDirectory: string;
let service: Service;
let document: OpenApiDocument;

/** Nothing listens there, and nothing has to: the service is not started. */
const nowhere = '127.0.0.1:1';

function createWholeService(environment: Record<string, string> = {}): Service {
  return createService({
    institution,
    config: parseConfig({
      ANONYMIZE_SALT: 'salt-of-the-tests',
      REDIS_URL: `redis://${nowhere}`,
      DATABASE_URL: `postgres://tests@${nowhere}/tests`,
      CHROMA_URL: `http://${nowhere}`,
      ...environment,
    }),
    logger: pino({ level: 'silent' }),
    metrics: createMetrics({ version: '1.0.0' }),
    version: '1.0.0',
    webDirectory,
  });
}

async function readDocument({ app }: Service): Promise<OpenApiDocument> {
  return (await app.request('/openapi.json', {}, connection)).json() as Promise<OpenApiDocument>;
}

beforeAll(async () => {
  webDirectory = await mkdtemp(join(tmpdir(), 'openapi-'));
  await buildWeb(webDirectory);
  service = createWholeService();
  document = await readDocument(service);
});

afterAll(async () => {
  await service.close();
  await rm(webDirectory, { recursive: true });
});

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      path,
      operation,
    })),
  );

describe('the description of the API', () => {
  test('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate({ ...document });
    expect(result.errors).toBeUndefined();
    expect(document.openapi).toBe('3.1.0');
  });

  test('has every route of the service, and no other', () => {
    const routes = service.app.routes
      .filter(({ method, path }) => method !== 'ALL' && !path.startsWith('/assets/') && !pages.includes(path))
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
    const documented = operations().map(({ name }) => name);
    expect(documented.sort()).toEqual([...new Set(routes)].sort());
  });

  test('explains every route: what it does, where it belongs, how it fails', () => {
    const known = document.tags.map(({ name }) => name);
    for (const { name, operation } of operations()) {
      expect(operation.summary, name).toBeTruthy();
      expect(known, name).toEqual(expect.arrayContaining(operation.tags ?? ['none']));
      if (!operation.tags?.includes('health')) expect(operation.responses, name).toHaveProperty('default');
    }
  });

  test('shows by example what to send and what comes back', () => {
    const { schemas } = document.components;
    for (const name of ['ChatRequest', 'SearchRequest', 'ChatCompletionRequest', 'ChatReply', 'Error']) {
      expect(JSON.stringify(schemas[name]), name).toContain('"example');
    }
  });

  test('asks for the operators’ token where the service does', async () => {
    const guarded = (paths: OpenApiDocument['paths']) =>
      Object.entries(paths)
        .filter(([, methods]) => Object.values(methods).some(({ security }) => security?.[0]?.operator))
        .map(([path]) => path);
    expect(guarded(document.paths).every((path) => path.startsWith('/api/admin/'))).toBe(true);
    const production = createWholeService({ ENVIRONMENT: 'production', GEMINI_API_KEY: 'key-of-the-tests' });
    try {
      const open = guarded((await readDocument(production)).paths);
      expect(open).toEqual(
        expect.arrayContaining(['/api/search', '/api/statistics', '/api/statistics/performance']),
      );
    } finally {
      await production.close();
    }
  });
});

describe('the page at /docs', () => {
  test('runs only our scripts and those whose hash it names, and asks nobody else', async () => {
    const page = await service.app.request('/docs', {}, connection);
    const policy = page.headers.get('Content-Security-Policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toMatch(/script-src 'self' 'sha256-[A-Za-z0-9+/=]+';/);
    expect(policy).toContain("connect-src 'self'");
    expect(policy).not.toMatch(/https?:|unsafe-eval/);
    const html = await page.text();
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    const script = /<script src="([^"]+)"/.exec(html)?.[1] ?? '';
    const reply = await service.app.request(script, {}, connection);
    expect(reply.headers.get('Cache-Control')).toContain('immutable');
    expect((await reply.text()).length).toBeGreaterThan(1_000_000);
  });
});
