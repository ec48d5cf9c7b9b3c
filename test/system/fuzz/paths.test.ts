import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import fc from 'fast-check';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureCertificate } from '../../../infra/local/certificate.ts';
import { type Nginx, startNginx } from '../../../infra/local/nginx.ts';
import { findFreePort } from '../../../infra/local/ports.ts';
import { fuzzCases, fuzzSettings, fuzzTimeoutMs } from '../../fuzz/fuzz-settings.ts';
import { createTemporaryFolder, removeTemporaryFolder } from '../temporary-folder.ts';

/** Routes as the service does, and tells what it routed. */
function createRouter() {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const tell = (route: string) => app.all(route, (c) => c.json({ route, url: c.env.incoming.url ?? '' }));
  for (const route of ['/api/admin', '/api/admin/*', '/metrics', '/metrics/*', '*']) tell(route);
  return createAdaptorServer({ fetch: app.fetch }) as Server;
}

let folder: string;
let replica: Server;
let nginx: Nginx;

beforeAll(async () => {
  folder = createTemporaryFolder();
  replica = createRouter();
  replica.listen(0, '127.0.0.1');
  await once(replica, 'listening');
  nginx = await startNginx({
    dataDir: join(folder, 'nginx'),
    httpPort: await findFreePort(),
    httpsPort: await findFreePort(),
    replicaPorts: [(replica.address() as AddressInfo).port],
    certificate: await ensureCertificate(folder),
    requestTimeoutSeconds: 10,
    trustedProxies: [],
    adminNetworks: ['192.0.2.0/24'], // not this machine
    readsPerSecond: 100_000,
  });
});

afterAll(async () => {
  await nginx?.stop();
  replica?.close();
  replica?.closeAllConnections();
  removeTemporaryFolder(folder);
});

interface Outcome {
  readonly status: number;
  /** What the replica routed, if the request came through. */
  readonly routed?: { readonly route: string; readonly url: string };
}

const outcomeOf = (status: number, body: string): Outcome =>
  status === 200 ? { status, routed: JSON.parse(body) } : { status };

/** The bytes as they are, on a connection of their own. */
async function sendHttp1(target: string): Promise<Outcome> {
  const socket = connect(nginx.port, '127.0.0.1');
  socket.write(
    Buffer.from(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, 'latin1'),
  );
  const reply = await text(socket);
  const [head = '', ...body] = reply.split('\r\n\r\n');
  return outcomeOf(
    Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]),
    /\{.*\}/s.exec(body.join('\r\n\r\n'))?.[0] ?? '',
  );
}

async function sendHttp2(target: string): Promise<Outcome> {
  const session = connectHttp2(nginx.httpsUrl, { rejectUnauthorized: false });
  try {
    const stream = session.request({ ':path': target });
    stream.end();
    const [headers] = await once(stream, 'response');
    return outcomeOf(Number(headers[':status']), await text(stream));
  } catch {
    return { status: 400 }; // the stream was reset
  } finally {
    session.destroy();
  }
}

const piece = fc.constantFrom(
  ...[
    '/',
    '/',
    '/',
    '//',
    '.',
    '..',
    '/../',
    '/./',
    '\\',
    '#',
    '?',
    ';',
    '%',
    '%00',
    '%2e',
    '%2E%2e',
    '%2f',
    '%2F',
  ],
  ...[
    '%5c',
    '%252e',
    '%252f',
    '%25',
    '%23',
    '%3f',
    '%20',
    '%0a',
    '%c0%ae',
    '%c0%af',
    '%ef%bc%8f',
    '%ff',
    '\u00e4',
  ],
  ...[
    'api',
    '%61pi',
    'admin',
    'a%64min',
    'ADMIN',
    'metrics',
    '%6detrics',
    'knowledge',
    'v1',
    'chat',
    'assets',
    'x',
  ],
  ...[
    'session',
    '@',
    ':',
    '*',
    '+',
    '&',
    '=',
    '~',
    'http://localhost',
    '.well-known',
    'nginx-error',
    'to-https',
  ],
);
const forbidden = ['/api/admin', '/api/admin/knowledge', '/metrics'];
/** Anything, and what leads to a closed route on at least one reading. */
const path = fc.oneof(
  fc.array(piece, { maxLength: 10 }).map((pieces) => `/${pieces.join('')}`),
  fc
    .tuple(fc.array(piece, { maxLength: 4 }), fc.constantFrom(...forbidden))
    .map(([pieces, end]) => `/${pieces.join('')}${end}`),
  fc
    .tuple(fc.constantFrom(...forbidden), fc.array(piece, { maxLength: 4 }))
    .map(([begin, pieces]) => `${begin}${pieces.join('')}`),
);

/** What a replica routed is open to everyone, and no other reader would take it for something else. */
function expectOneReading({ routed }: Outcome, target: string) {
  if (routed === undefined) return;
  expect(routed.route, target).toBe('*');
  const [pathname = ''] = routed.url.split('?');
  expect(new URL(routed.url, 'http://localhost').pathname, target).toBe(pathname);
  expect(pathname, target).not.toMatch(/\/\/|\\|%2f|%5c|%2e/i);
  expect(decodeURIComponentLoosely(pathname), target).not.toMatch(/^\/(api\/admin|metrics)(\/|$)/);
}

const decodeURIComponentLoosely = (pathname: string) =>
  pathname.replace(/%[0-9a-f]{2}/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)));

describe('a path that nginx lets through', () => {
  test('leads a replica to no closed route, by HTTP/1.1', { timeout: fuzzTimeoutMs }, async () => {
    let letThrough = 0;
    await fc.assert(
      fc.asyncProperty(path, async (target) => {
        const outcome = await sendHttp1(target);
        expect(outcome.status, target).toBeGreaterThanOrEqual(200);
        expect(outcome.status, target).toBeLessThan(500);
        if (outcome.routed) letThrough += 1;
        expectOneReading(outcome, target);
      }),
      fuzzSettings,
    );
    expect(letThrough).toBeGreaterThan(fuzzCases / 10);
  });

  test('leads a replica to no closed route, by HTTP/2', { timeout: fuzzTimeoutMs }, async () => {
    await fc.assert(
      fc.asyncProperty(path, async (target) => {
        expectOneReading(await sendHttp2(target), target);
      }),
      { ...fuzzSettings, numRuns: Math.ceil(fuzzCases / 10) },
    );
  });

  test('means the same with doubled slashes', { timeout: fuzzTimeoutMs }, async () => {
    const segment = fc.constantFrom('api', 'v1', 'chat', 'x', 'a%20b', 'c-d_e.f', '~', '%c3%a4');
    const slashes = fc.constantFrom('/', '//', '///');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(slashes, segment), { minLength: 1, maxLength: 5 }),
        async (parts) => {
          const merged = parts.map(([, name]) => `/${name}`).join('');
          const { routed } = await sendHttp1(parts.flat().join(''));
          expect(routed && decodeURIComponent(routed.url)).toBe(decodeURIComponent(merged));
        },
      ),
      { ...fuzzSettings, numRuns: Math.ceil(fuzzCases / 10) },
    );
  });
});
