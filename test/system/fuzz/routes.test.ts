import { Agent, request } from 'node:http';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { replicasKey, statisticsEventsKey } from '../../../src/adapters/redis/keys.ts';
import { fuzzCases, fuzzSettings, fuzzTimeoutMs } from '../../fuzz/fuzz-settings.ts';
import { adminToken, startTestStack, type TestStack } from '../stack.ts';
import { anyRequest, type FuzzRequest, invalidRequest, type Route } from './any-request.ts';

let stack: TestStack;
let redis: Redis;
let sql: postgres.Sql;
let routes: Route[];
const agent = new Agent({ keepAlive: true, maxSockets: 4 });

beforeAll(async () => {
  stack = await startTestStack({ replicas: 1 });
  redis = new Redis(stack.redis.url);
  sql = postgres(stack.postgres.url, { max: 1, onnotice: () => {} });
  routes = await listRoutes();
});

afterAll(async () => {
  agent.destroy();
  redis?.disconnect();
  await sql?.end();
  await stack?.stop();
});

const replicaUrl = () => stack.replicas()[0]?.url ?? expect.unreachable();

/** What the service says it has, and what it does not describe. */
async function listRoutes(): Promise<Route[]> {
  const response = await fetch(`${replicaUrl()}/openapi.json`);
  const description = (await response.json()) as { paths: Record<string, object> };
  const described = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  );
  const others = [
    '/',
    '/livez',
    '/readyz',
    '/openapi.json',
    '/docs',
    '/nothing/{id}',
    '/api/{id}',
    '/v1/{id}',
  ];
  return [...described, ...others.map((path) => ({ method: 'GET', path }))];
}

function send({ method, path, headers, body }: FuzzRequest): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(replicaUrl()), { method, path, headers, agent }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      );
      incoming.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** All that is stored, but for what replicas say of themselves. */
async function readStores(): Promise<Record<string, string>> {
  const stored: Record<string, string> = {};
  for (const key of (await redis.keys('*')).sort()) {
    // The stream of events also holds when each replica last read it.
    if (key === statisticsEventsKey) stored[key] = JSON.stringify(await redis.xrange(key, '-', '+'));
    else if (key !== replicasKey) stored[key] = (await redis.dumpBuffer(key))?.toString('base64') ?? '';
  }
  const tables = await sql<{ name: string }[]>`
    SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`;
  for (const { name } of tables) {
    const [row] = await sql.unsafe(
      `SELECT count(*) AS rows, md5(string_agg(t::text, '|' ORDER BY t::text)) AS md5 FROM ${name} t`,
    );
    stored[name] = `${row?.rows} ${row?.md5}`;
  }
  return stored;
}

const half = { ...fuzzSettings, numRuns: Math.ceil(fuzzCases / 2) };

test('an invalid request is refused, and changes nothing that is stored', {
  timeout: fuzzTimeoutMs,
}, async () => {
  const before = await readStores();
  await fc.assert(
    fc.asyncProperty(invalidRequest, async (invalid) => {
      const { status, text } = await send(invalid);
      expect([400, 413, 415], text).toContain(status);
      expect(JSON.parse(text).error).toBeTruthy();
    }),
    half,
  );
  expect(await readStores()).toEqual(before);
});

test('no request of any kind for any route gets a 5xx', { timeout: fuzzTimeoutMs }, async () => {
  await fc.assert(
    fc.asyncProperty(anyRequest(routes), fc.boolean(), async (any, isOperator) => {
      // An operator may change what the other cases need: only looking is tried with the token.
      const mayLook = isOperator && any.method === 'GET';
      const headers = mayLook ? { ...any.headers, authorization: `Bearer ${adminToken}` } : any.headers;
      const { status, text } = await send({ ...any, headers });
      expect(status, text).toBeLessThan(500);
      expect(text).not.toMatch(/\n\s+at .*:\d+:\d+/);
    }),
    half,
  );
});
