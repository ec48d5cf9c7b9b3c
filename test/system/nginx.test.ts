import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request as requestTls } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureCertificate } from '../../infra/local/certificate.ts';
import { type Nginx, startNginx } from '../../infra/local/nginx.ts';
import { findFreePort } from '../../infra/local/ports.ts';
import { type Reply, type SendOptions, send as sendTo } from './send.ts';
import { createTemporaryFolder, removeTemporaryFolder } from './temporary-folder.ts';

const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};
const page = `<!doctype html><p>${'TUM '.repeat(1000)}</p>`;

/** Stands for a replica: tells what it was sent, and does what a path asks for. */
async function startReplica(name: string) {
  const received: IncomingMessage[] = [];
  let isDead = false;
  const server = createServer((incoming, outgoing) => {
    received.push(incoming);
    incoming.on('end', () => {
      if (isDead) incoming.socket.destroy();
      else respond(incoming, outgoing).catch(() => outgoing.destroy());
    });
    incoming.resume();
  });
  server.keepAliveTimeout = 75_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  async function respond(incoming: IncomingMessage, outgoing: ServerResponse) {
    outgoing.setHeader('X-Replica', name);
    outgoing.setHeader('X-Request-ID', String(incoming.headers['x-request-id']));
    if (incoming.url === '/page') return void outgoing.setHeader('Content-Type', 'text/html').end(page);
    if (incoming.url === '/app-error') return void outgoing.writeHead(503).end('from the replica');
    if (incoming.url === '/api/chat/stream') {
      outgoing.writeHead(200, { 'Content-Type': 'text/event-stream' });
      outgoing.write('data: first\n\n');
      await once(server, 'release');
      return void outgoing.end(`data: ${'last '.repeat(500)}\n\n`);
    }
    outgoing.setHeader('Content-Type', 'application/json').end(JSON.stringify(incoming.headers));
  }

  return {
    port: (server.address() as AddressInfo).port,
    received,
    release: () => server.emit('release'),
    /** From now on each request ends as it does when the process is killed while it works on it. */
    die() {
      isDead = true;
    },
    revive() {
      isDead = false;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const readsPerSecond = 100;
const maxLogBytes = 1_000_000;

let folder: string;
let replicas: Array<Awaited<ReturnType<typeof startReplica>>>;
let nginx: Nginx;
let redirectPort: number;
let httpsPort: number;

beforeAll(async () => {
  folder = createTemporaryFolder();
  replicas = await Promise.all([startReplica('one'), startReplica('two')]);
  redirectPort = await findFreePort();
  httpsPort = await findFreePort();
  nginx = await startNginx({
    dataDir: join(folder, 'nginx'),
    httpPort: await findFreePort(),
    httpsPort,
    redirectPort,
    replicaPorts: replicas.map(({ port }) => port),
    certificate: await ensureCertificate(folder),
    requestTimeoutSeconds: 10,
    trustedProxies: ['127.0.0.9'],
    adminNetworks: ['127.0.0.1', '203.0.113.0/24'],
    readsPerSecond,
    maxLogBytes,
    proxySecret: 'secret-of-the-tests',
  });
});

afterAll(async () => {
  await nginx.stop();
  for (const replica of replicas) replica.close();
  removeTemporaryFolder(folder);
});

const send = (path: string, options?: SendOptions) => sendTo(nginx.url, path, options);

/** What nginx writes back to bytes that are no proper request. */
async function sendRaw(bytes: string): Promise<string> {
  const socket = connect(nginx.port, '127.0.0.1');
  socket.write(bytes);
  return text(socket);
}

function expectErrorBody(reply: Reply, status: number, code: string) {
  expect(reply.status).toBe(status);
  expect(reply.headers['content-type']).toBe('application/json');
  const body = JSON.parse(reply.body);
  expect(body).toEqual({
    error: expect.stringMatching(/^[A-Z].+\.$/),
    code,
    status_code: status,
    request_id: reply.headers['x-request-id'],
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
  });
  expect(Math.abs(Date.parse(body.timestamp) - Date.now())).toBeLessThan(5000);
}

describe('identity', () => {
  test('the request id is made here, and is the same for the replica and the client', async () => {
    const reply = await send('/', { headers: { 'X-Request-ID': 'mine' } });
    expect(reply.headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.parse(reply.body)['x-request-id']).toBe(reply.headers['x-request-id']);
  });

  test('a request has a secret, which replicas learn and neither the reply nor the log shows', async () => {
    const forged = 'f'.repeat(16);
    const reply = await send('/', { headers: { 'X-Request-Secret': forged } });
    const id = String(reply.headers['x-request-id']);
    const secret = JSON.parse(reply.body)['x-request-secret'];
    expect(secret).toMatch(/^[0-9a-f]{16}$/);
    expect(secret).not.toBe(forged);
    expect(id).not.toContain(secret);
    expect(JSON.stringify(reply.headers)).not.toContain(secret);
    expect(await accessLine(id)).not.toContain(secret);
  });

  test('no header of a client passes as its address', async () => {
    const forged = '198.51.100.7';
    const reply = await send('/', {
      headers: {
        'X-Forwarded-For': forged,
        'X-Real-IP': forged,
        Forwarded: `for=${forged}`,
        'X-Client-IP': forged,
        'True-Client-IP': forged,
        'CF-Connecting-IP': forged,
      },
    });
    expect(reply.body).not.toContain(forged);
    expect(JSON.parse(reply.body)).toMatchObject({
      'x-real-ip': '127.0.0.1',
      'x-forwarded-for': '127.0.0.1',
    });
  });

  test('a trusted proxy says who the client is, and the last address it does not trust counts', async () => {
    const reply = await send('/', {
      from: '127.0.0.9',
      headers: { 'X-Forwarded-For': '192.0.2.66, 198.51.100.7' },
    });
    expect(JSON.parse(reply.body)).toMatchObject({ 'x-real-ip': '198.51.100.7' });
  });

  test('the host that the client asked for reaches the replica with its port', async () => {
    const reply = await send('/', { headers: { Host: 'chat.example.org:8443' } });
    expect(JSON.parse(reply.body).host).toBe('chat.example.org:8443');
  });
});

describe('what the replica is told', () => {
  const told = async (headers: Record<string, string> = {}) =>
    JSON.parse((await send('/', { headers })).body);

  test('carries the secret that proves it, and no other', async () => {
    expect(await told({ 'X-Proxy-Secret': 'guessed' })).toMatchObject({
      'x-proxy-secret': 'secret-of-the-tests',
    });
    await nginx.setProxySecret('another-secret-of-the-tests');
    expect(await told()).toMatchObject({ 'x-proxy-secret': 'another-secret-of-the-tests' });
    await nginx.setProxySecret('');
    expect(await told({ 'X-Proxy-Secret': 'guessed' })).not.toHaveProperty('x-proxy-secret');
    await nginx.setProxySecret('secret-of-the-tests');
  });

  test('is the host that was judged, not the header beside it', async () => {
    const reply = await sendRaw(
      'GET http://localhost/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    );
    expect(reply).not.toContain('evil.example');
  });
});

describe('hosts', () => {
  let named: Nginx;
  let namedHttpsPort: number;
  let namedRedirectPort: number;

  beforeAll(async () => {
    namedHttpsPort = await findFreePort();
    namedRedirectPort = await findFreePort();
    named = await startNginx({
      dataDir: join(folder, 'named'),
      httpPort: await findFreePort(),
      httpsPort: namedHttpsPort,
      redirectPort: namedRedirectPort,
      replicaPorts: replicas.map(({ port }) => port),
      certificate: await ensureCertificate(folder),
      requestTimeoutSeconds: 10,
      trustedProxies: [],
      adminNetworks: [],
      serverNames: ['chat.example.org', '*.tum.example'],
    });
  });
  afterAll(() => named.stop());

  test.each([
    'chat.example.org',
    'CHAT.example.org:8443',
    'a.tum.example',
    'localhost',
    '127.0.0.1',
    '[::1]:1',
  ])('%s is answered', async (host) => {
    expect(await sendTo(named.url, '/', { headers: { Host: host } })).toMatchObject({ status: 200 });
  });

  test.each(['evil.example', 'chat.example.org.evil.example', 'tum.example', '10.0.0.1'])(
    '%s is not answered',
    async (host) => {
      expectErrorBody(await sendTo(named.url, '/', { headers: { Host: host } }), 421, 'VALIDATION_ERROR');
    },
  );

  test('nobody is led to another host', async () => {
    const redirectUrl = `http://127.0.0.1:${namedRedirectPort}`;
    const httpsUrl = `http://127.0.0.1:${namedHttpsPort}`; // plain HTTP on the port for TLS
    for (const url of [redirectUrl, httpsUrl]) {
      const refused = await sendTo(url, '/docs', { headers: { Host: 'evil.example' } });
      expect(refused.headers).not.toHaveProperty('location');
      expectErrorBody(refused, 421, 'VALIDATION_ERROR');
      const led = await sendTo(url, '/docs', { headers: { Host: 'chat.example.org' } });
      expect([led.status, led.headers.location]).toEqual([308, 'https://chat.example.org/docs']);
    }
  });

  test('a certificate authority may check a name before it is answered', async () => {
    const path = '/.well-known/acme-challenge/x';
    expect(
      await sendTo(`http://127.0.0.1:${namedRedirectPort}`, path, { headers: { Host: 'new.example.org' } }),
    ).toMatchObject({ status: 404 });
  });
});

test('reads of one address are limited here, and nobody else is', async () => {
  const flood = await Promise.all(
    Array.from({ length: readsPerSecond * 15 }, () => send('/health', { from: '127.0.0.77' })),
  );
  const refused = flood.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  expect(flood.length - refused.length).toBeGreaterThanOrEqual(readsPerSecond * 10);
  expectErrorBody(refused[0] as Reply, 429, 'RATE_LIMIT_EXCEEDED');
  expect(refused[0]?.headers['retry-after']).toBe('1');
  const post = { method: 'POST', body: '{}' };
  expect(await send('/api/chat', { ...post, from: '127.0.0.77' })).toMatchObject({ status: 200 });
  expect(await send('/health', { from: '127.0.0.78' })).toMatchObject({ status: 200 });
});

test('errors of nginx have the headers that the service gives its replies', async () => {
  const { headers } = await send('/metrics');
  expect(headers).toMatchObject(securityHeaders);
  const { headers: passed } = await send('/');
  expect(passed).not.toHaveProperty('content-security-policy'); // the replica's own would be the second
});

describe('replicas that fail', () => {
  test('a POST that a dying replica took is answered by another, with the same id and body', async () => {
    replicas[0]?.die();
    const earlier = replicas.map(({ received }) => received.length);
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => send('/api/chat', { method: 'POST', body: '{"message":"Hello"}' })),
    );
    replicas[0]?.revive();
    expect(replies.map(({ status, headers }) => [status, headers['x-replica']])).toEqual(
      replies.map(() => [200, 'two']),
    );
    const [tried, answered] = replicas.map(({ received }, index) =>
      received
        .slice(earlier[index])
        .map(({ headers }) => `${headers['x-request-id']} ${headers['x-request-secret']}`),
    );
    expect(tried?.length).toBeGreaterThan(0);
    expect(answered).toEqual(expect.arrayContaining(tried ?? []));
  });

  test('an error that a replica answers is passed on, not tried again', async () => {
    const before = replicas.reduce((sum, { received }) => sum + received.length, 0);
    const reply = await send('/app-error');
    expect(reply).toMatchObject({ status: 503, body: 'from the replica' });
    expect(replicas.reduce((sum, { received }) => sum + received.length, 0)).toBe(before + 1);
  });

  test('with no replica left the error is ours, and says when to come back', async () => {
    for (const replica of replicas) replica.die();
    const reply = await send('/');
    for (const replica of replicas) replica.revive();
    expectErrorBody(reply, 502, 'SERVICE_UNAVAILABLE');
    expect(reply.headers['retry-after']).toBe('2');
  });
});

describe('requests that never reach a replica', () => {
  test.each([
    ['/metrics', 404, 'NOT_FOUND'],
    ['/metrics/', 404, 'NOT_FOUND'],
    ['/%6detrics', 404, 'NOT_FOUND'],
    ['//metrics', 404, 'NOT_FOUND'],
    ['/x/../metrics', 400, 'VALIDATION_ERROR'],
    ['/x/%2e%2e/metrics?a=b', 400, 'VALIDATION_ERROR'],
    ['/x%2fy/../metrics', 400, 'VALIDATION_ERROR'],
    ['/x%2Fy', 400, 'VALIDATION_ERROR'],
    ['/x%5Cy', 400, 'VALIDATION_ERROR'],
    ['/x%2ey', 400, 'VALIDATION_ERROR'],
    ['/./', 400, 'VALIDATION_ERROR'],
    ['/x/..', 400, 'VALIDATION_ERROR'],
    ['/x/.?a=b', 400, 'VALIDATION_ERROR'],
    ['/x#/..', 400, 'VALIDATION_ERROR'],
    ['/api//../admin/knowledge', 400, 'VALIDATION_ERROR'],
    ['/api/x%2fy/../admin/knowledge', 400, 'VALIDATION_ERROR'],
    ['/\\metrics', 400, 'VALIDATION_ERROR'],
    ['/api\\admin/knowledge', 400, 'VALIDATION_ERROR'],
    ['/nginx-error', 404, 'NOT_FOUND'],
    ['/to-https', 404, 'NOT_FOUND'],
    ['/%00', 400, 'VALIDATION_ERROR'],
    [`/${'a'.repeat(9000)}`, 414, 'VALIDATION_ERROR'],
  ])('GET %s is answered %i', async (path, status, code) => {
    const before = replicas.map(({ received }) => received.length);
    expectErrorBody(await send(path), status, code);
    expect(replicas.map(({ received }) => received.length)).toEqual(before);
  });

  test.each(['/api//../admin/knowledge', '/api/x%2fy/../admin/knowledge', '/x%2fy/../metrics'])(
    '%s by HTTP/2 is refused',
    async (path) => {
      const session = connectHttp2(nginx.httpsUrl, { rejectUnauthorized: false });
      const [headers] = await once(session.request({ ':path': path }), 'response');
      session.close();
      expect(headers).toMatchObject({ ':status': 400 });
    },
  );

  test.each([
    ['/v1//chat/completions', '/v1/chat/completions'],
    ['/v1/models/', '/v1/models'],
    ['//api///chat', '/api/chat'],
    ['/a%20b%3Fc%23d%25e?x=/../%2f\\', '/a%20b%3Fc%23d%25e?x=/../%2f\\'],
    ['/%61pi/ch%C3%A4t', '/api/ch%C3%A4t'],
    ['/api/chat/', '/api/chat/'],
    ['/', '/'],
  ])('%s reaches a replica as %s', async (path, expected) => {
    const before = replicas.map(({ received }) => received.length);
    expect(await send(path)).toMatchObject({ status: 200 });
    const urls = replicas.flatMap(({ received }, index) =>
      received.slice(before[index]).map(({ url }) => url),
    );
    expect(urls).toEqual([expected]);
  });

  test('too many headers', async () => {
    expectErrorBody(await send('/', { headers: { Cookie: 'a'.repeat(20_000) } }), 431, 'VALIDATION_ERROR');
  });

  test('a method that HTTP does not have', async () => {
    expect(await sendRaw('BREW / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1.1 405 .*"code":"METHOD_NOT_ALLOWED"/s,
    );
  });

  test.each([
    'no request at all\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a b\r\n\r\n',
    'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n',
  ])('%j', async (bytes) => {
    expect(await sendRaw(bytes)).toMatch(/^HTTP\/1.1 400 .*"code":"VALIDATION_ERROR","status_code":400/s);
  });

  test.each([
    ['with its length', `Content-Length: ${10 * 1024 * 1024}\r\n\r\n`],
    ['in chunks', `Transfer-Encoding: chunked\r\n\r\n${(10 * 1024 * 1024).toString(16)}\r\n`],
  ])('10 MB %s are refused while they are still being sent', async (_, head) => {
    const socket = connect(nginx.port, '127.0.0.1');
    socket.write(`POST /api/chat HTTP/1.1\r\nHost: a\r\n${head}`);
    const startedAtMs = performance.now();
    socket.write('x'.repeat(10 * 1024 * 1024));
    const [reply] = await once(socket, 'data');
    expect(performance.now() - startedAtMs).toBeLessThan(1000);
    expect(String(reply)).toMatch(/^HTTP\/1.1 413 .*"code":"PAYLOAD_TOO_LARGE"/s);
    socket.destroy();
  });

  test('64 KiB exactly are let through', async () => {
    expect(await send('/', { method: 'POST', body: 'x'.repeat(65_536) })).toMatchObject({ status: 200 });
    expectErrorBody(await send('/', { method: 'POST', body: 'x'.repeat(65_537) }), 413, 'PAYLOAD_TOO_LARGE');
  });
});

describe("the operators' interface", () => {
  const admin = '/api/admin/knowledge';

  test.each([admin, '/api/admin', '/api/%61dmin/knowledge', '//api/admin/'])(
    '%s is closed to other networks',
    async (path) => {
      expectErrorBody(await send(path, { from: '127.0.0.2' }), 403, 'FORBIDDEN');
    },
  );

  test('is open to ADMIN_NETWORKS, also behind a trusted proxy', async () => {
    expect(await send(admin)).toMatchObject({ status: 200 });
    const throughProxy = { from: '127.0.0.9', headers: { 'X-Forwarded-For': '203.0.113.5' } };
    expect(await send(admin, throughProxy)).toMatchObject({ status: 200 });
    const stranger = { from: '127.0.0.9', headers: { 'X-Forwarded-For': '198.51.100.7' } };
    expect(await send(admin, stranger)).toMatchObject({ status: 403 });
  });
});

describe('streams', () => {
  test('pass as they are written, unbuffered and not compressed, and tell the next proxy', async () => {
    const outgoing = request(`${nginx.url}/api/chat/stream`, { headers: { 'Accept-Encoding': 'gzip' } });
    outgoing.end();
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    const [first] = await once(incoming, 'data');
    expect(String(first)).toBe('data: first\n\n');
    expect(incoming.headers).toMatchObject({ 'x-accel-buffering': 'no' });
    expect(incoming.headers).not.toHaveProperty('content-encoding');
    for (const replica of replicas) replica.release();
    expect(await text(incoming)).toContain('last');
  });

  test('pages are compressed', async () => {
    const outgoing = request(`${nginx.url}/page`, { headers: { 'Accept-Encoding': 'gzip' } });
    outgoing.end();
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    const body = Buffer.concat(await incoming.toArray());
    expect(incoming.headers).toMatchObject({ 'content-encoding': 'gzip' });
    expect(gunzipSync(body).toString()).toBe(page);
  });
});

describe('TLS', () => {
  test('is answered over HTTP/2, with HSTS', async () => {
    const session = connectHttp2(nginx.httpsUrl, { rejectUnauthorized: false });
    const stream = session.request({ ':path': '/' });
    const [headers] = await once(stream, 'response');
    expect(headers).toMatchObject({ ':status': 200, 'strict-transport-security': 'max-age=31536000' });
    expect(JSON.parse(await text(stream))).toMatchObject({ 'x-forwarded-proto': 'https' });
    session.close();
  });

  test.each(['TLSv1', 'TLSv1.1'] as const)('%s is refused', async (version) => {
    const outgoing = requestTls(nginx.httpsUrl, {
      rejectUnauthorized: false,
      minVersion: version,
      maxVersion: version,
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    outgoing.end();
    await expect(once(outgoing, 'response')).rejects.toThrow(/alert|version/i);
  });

  test('the redirect port leads there, but for the check of a certificate authority', async () => {
    const redirected = await fetch(`http://127.0.0.1:${redirectPort}/docs?a=b`, { redirect: 'manual' });
    expect([redirected.status, redirected.headers.get('location')]).toEqual([
      308,
      'https://127.0.0.1/docs?a=b',
    ]);
    const challenge = await fetch(`http://127.0.0.1:${redirectPort}/.well-known/acme-challenge/x`);
    expect(challenge.status).toBe(404);
  });

  test('plain HTTP has no HSTS, and is led to HTTPS where it was sent to the port for TLS', async () => {
    expect((await send('/')).headers).not.toHaveProperty('strict-transport-security');
    const reply = await fetch(`http://127.0.0.1:${httpsPort}/docs`, { redirect: 'manual' });
    expect([reply.status, reply.headers.get('location')]).toEqual([
      308,
      `https://127.0.0.1:${httpsPort}/docs`,
    ]);
  });
});

const sessionId = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('the access log', () => {
  test.each([
    [`/api/session/${sessionId}/history?user=someone`, '/api/session/*/history'],
    [`/api/session/${sessionId}`, '/api/session/*'],
    [`/api//session//${sessionId}`, '/api/session/*'],
    [`/api/%73ession/${sessionId}/end`, '/api/session/*/end'],
    [`/api/%2573ession/${sessionId}`, '*'],
    [`/api/SESSION/${sessionId}`, '/api/SESSION/*'],
    [`/api/session/start/${sessionId}`, '/api/session/*'],
    [`/api/session/x/users/${sessionId}`, '/api/session/*'],
    [`/api\\session\\${sessionId}`, '*'],
    [`/api%2fsession%2f${sessionId}`, '/api/session/*'],
    [`/api/x/../session/${sessionId}`, '/api/session/*'],
    [`/api/admin//users/${sessionId}/export`, '/api/admin/users/*/export'],
    ['/api/session/start', '/api/session/start'],
    ['/api/chat', '/api/chat'],
    ['/\u00e4', '*'],
  ])('writes of %s no id and no query', async (path, logged) => {
    const { headers } = await send(encodeRaw(path));
    const line = await accessLine(headers['x-request-id']);
    expect(line).not.toContain(sessionId);
    expect(JSON.parse(line)).toMatchObject({
      path: logged,
      requestId: headers['x-request-id'],
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    expect(line).not.toContain('someone');
  });

  test('is JSON for clients that leave, that time out and that send no HTTP', async () => {
    const silent = connect(nginx.port, '127.0.0.1');
    silent.end();
    await once(silent, 'close');
    const reset = connect(nginx.port, '127.0.0.1');
    await new Promise<void>((done) => reset.write('GET / HTTP/1.1\r\nHost: a\r\nX: ', () => done()));
    reset.destroy();
    await sendRaw('\u0016\u0003\u0001\r\n\r\n');
    const leaving = connectHttp2(nginx.httpsUrl, { rejectUnauthorized: false });
    const stream = leaving.request({ ':path': '/', ':method': 'POST' }, { endStream: false });
    await new Promise<void>((done) => stream.write('x', () => done()));
    leaving.destroy();
    const { headers } = await send('/');
    await accessLine(headers['x-request-id']);
    const lines = readFileSync(join(folder, 'nginx/logs/access.log'), 'utf8').trim().split('\n');
    for (const line of lines) expect(() => JSON.parse(line), line).not.toThrow();
  });

  test('of a request without a status is a number', async () => {
    const format = readFileSync(join(folder, 'nginx/nginx.conf'), 'utf8');
    expect(format).not.toMatch(/"status":\$status/);
  });

  test('is put aside when it is too large, and goes on in a new file', async () => {
    const file = join(folder, 'nginx/logs/access.log');
    const { headers: earlier } = await send('/');
    await accessLine(earlier['x-request-id']);
    appendFileSync(file, ' '.repeat(maxLogBytes));
    nginx.rotateLogs();
    await expect.poll(() => existsSync(file)).toBe(true);
    const { headers } = await send('/');
    expect(JSON.parse(await accessLine(headers['x-request-id']))).toMatchObject({ path: '/' });
    expect(readFileSync(`${file}.1`, 'utf8')).toContain(earlier['x-request-id']);
    expect(readFileSync(file, 'utf8')).not.toContain(earlier['x-request-id']);
  });
});

/** Node refuses other characters in a path; nginx gets their bytes. */
const encodeRaw = (path: string) => path.replace(/[^ -~]/g, (character) => encodeURIComponent(character));

test('the access log names the method that a refused client used', async () => {
  const { status, headers } = await send('/', { method: 'POST', body: 'x'.repeat(65_537) });
  expect(status).toBe(413);
  expect(JSON.parse(await accessLine(headers['x-request-id']))).toMatchObject({
    method: 'POST',
    status: 413,
  });
});

async function accessLine(requestId: string | string[] | undefined): Promise<string> {
  for (;;) {
    const line = readFileSync(join(folder, 'nginx/logs/access.log'), 'utf8')
      .split('\n')
      .find((candidate) => candidate.includes(String(requestId)));
    if (line !== undefined) return line;
    await sleep(10);
  }
}
