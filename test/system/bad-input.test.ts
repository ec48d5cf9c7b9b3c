import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GeminiServer, startGeminiServer } from '../gemini-server/gemini-server.ts';
import { createApiClient } from './api-client.ts';
import { adminToken, startTestStack, type TestStack } from './stack.ts';

let gemini: GeminiServer;
let stack: TestStack;

beforeAll(async () => {
  gemini = await startGeminiServer();
  stack = await startTestStack({ geminiUrl: gemini.url });
});

afterAll(async () => {
  await stack?.stop();
  await gemini?.close();
});

interface BadRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a string as it is. */
  readonly body?: object | string;
  /** Does not say beforehand how long the body is. */
  readonly isChunked?: boolean;
}

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Unlike fetch it sends whatever a test says, and takes an answer that comes before the body is through. */
async function send(bad: BadRequest): Promise<Reply> {
  const { method = 'POST', path, body, isChunked = false } = bad;
  const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const outgoing = request({
    host: '127.0.0.1',
    port: stack.nginx.port,
    agent: false,
    method,
    path,
    headers: {
      ...(payload !== undefined && { 'Content-Type': 'application/json' }),
      ...(payload !== undefined && !isChunked && { 'Content-Length': Buffer.byteLength(payload) }),
      ...bad.headers,
    },
  });
  outgoing.on('error', () => {}); // the connection may be closed while the rest of a body is sent
  const response = once(outgoing, 'response');
  if (payload === undefined) outgoing.end();
  else Readable.from(chunksOf(payload)).pipe(outgoing);
  const [incoming] = (await response) as [IncomingMessage];
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: await text(incoming) };
}

function* chunksOf(payload: string): Iterable<Buffer> {
  const bytes = Buffer.from(payload);
  for (let start = 0; start < bytes.length; start += 65_536) yield bytes.subarray(start, start + 65_536);
}

const codes = {
  400: 'VALIDATION_ERROR',
  401: 'UNAUTHORIZED',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
} as const;

function expectRefusal(reply: Reply, status: keyof typeof codes): { error: string; details?: unknown } {
  expect({ status: reply.status, body: reply.body }).toMatchObject({ status });
  expect(reply.headers['content-type']).toMatch(/^application\/json/);
  const body = JSON.parse(reply.body);
  const { details, ...fields } = body;
  expect(fields).toEqual({
    error: expect.stringMatching(/\S.*[.]$/),
    code: codes[status],
    status_code: status,
    request_id: reply.headers['x-request-id'],
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/),
  });
  expect(reply.headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
  return body;
}

const chat = (body: object | string, headers = {}): BadRequest => ({ path: '/api/chat', body, headers });
const message = 'Hello';
const loneSurrogate = '{"message":"\\ud800 Hello"}';
const nul = 'He\0llo';
const tooLong = '𝓉'.repeat(1001);
const deep = (levels: number) => `{"message":${'['.repeat(levels)}${']'.repeat(levels)}}`;
const tooLongId = 'a'.repeat(129);

const admin = (bad: BadRequest): BadRequest => ({
  ...bad,
  headers: { Authorization: `Bearer ${adminToken}`, ...bad.headers },
});

type Case = [what: string, bad: BadRequest, field?: string];

const invalid: readonly Case[] = [
  ['chat: no body', { path: '/api/chat' }],
  ['chat: broken JSON', chat('{"message": "Hello"')],
  ['chat: not an object', chat('"Hello"')],
  ['chat: null', chat('null')],
  ['chat: an array', chat([message])],
  ['chat: no message', chat({}), 'message'],
  ['chat: message of a wrong type', chat({ message: 42 }), 'message'],
  ['chat: message null', chat({ message: null }), 'message'],
  ['chat: empty message', chat({ message: '' }), 'message'],
  ['chat: blank message', chat({ message: ' \n\t ' }), 'message'],
  ['chat: 1,001 characters', chat({ message: tooLong }), 'message'],
  ['chat: NUL', chat({ message: nul }), 'message'],
  ['chat: lone surrogate', chat(loneSurrogate), 'message'],
  ['chat: 30,000 levels of JSON', chat(deep(30_000))],
  ['chat: unknown role', chat({ message, user_role: 'wizard' }), 'user_role'],
  ['chat: unknown campus', chat({ message, user_campus: 'Atlantis' }), 'user_campus'],
  ['chat: role of a wrong type', chat({ message, user_role: {} }), 'user_role'],
  ['chat: bad session id in the body', chat({ message, session_id: 'a b' }), 'session_id'],
  ['chat: session id of a wrong type', chat({ message, session_id: 7 }), 'session_id'],
  ['chat: too long a session id', chat({ message, session_id: tooLongId }), 'session_id'],
  ['chat: bad X-Session-ID', chat({ message }, { 'X-Session-ID': 'a/b' }), 'x-session-id'],
  ['chat: bad X-User-ID', chat({ message }, { 'X-User-ID': 'Zo\u00eb' }), 'x-user-id'],
  ['chat: too long an X-User-ID', chat({ message }, { 'X-User-ID': tooLongId }), 'x-user-id'],
  [
    'chat: another session in body and header',
    chat({ message, session_id: 'one' }, { 'X-Session-ID': 'two', 'X-User-ID': 'ada' }),
    'session_id',
  ],
  ['chat: short Idempotency-Key', chat({ message }, { 'Idempotency-Key': 'short' }), 'idempotency-key'],
  ['chat: bad Idempotency-Key', chat({ message }, { 'Idempotency-Key': 'no_such_key' }), 'idempotency-key'],
  ['chat: long Idempotency-Key', chat({ message }, { 'Idempotency-Key': 'k'.repeat(65) }), 'idempotency-key'],
  ['stream: bad id', { method: 'GET', path: '/api/chat/a~b/stream' }, 'request_id'],
  ['stream: no session', { method: 'GET', path: '/api/chat/0123456789abcdef/stream' }, 'x-session-id'],
  ['stop: bad id', { path: '/api/chat/short/stop' }, 'request_id'],
  ['stop: no session', { path: '/api/chat/0123456789abcdef/stop' }, 'x-session-id'],
  ['session start: unknown role', { path: '/api/session/start', body: { user_role: 'wizard' } }, 'user_role'],
  ['session start: broken JSON', { path: '/api/session/start', body: '{' }],
  ['session start: an array', { path: '/api/session/start', body: [] }],
  ['session: bad id', { method: 'GET', path: '/api/session/a%20b' }, 'id'],
  ['session: too long an id', { method: 'GET', path: `/api/session/${tooLongId}` }, 'id'],
  ['session: NUL', { method: 'GET', path: '/api/session/a%00b' }],
  ['session: broken percent sign', { method: 'GET', path: '/api/session/a%ZZb' }],
  ['history: bad id', { method: 'GET', path: '/api/session/a~b/history' }, 'id'],
  ['end: bad id', { path: '/api/session/a~b/end' }, 'id'],
  ['delete: bad id', { method: 'DELETE', path: '/api/session/a~b' }, 'id'],
  ['search: no query', { path: '/api/search', body: {} }, 'query'],
  ['search: 1,001 characters', { path: '/api/search', body: { query: tooLong } }, 'query'],
  ['search: NUL', { path: '/api/search', body: { query: nul } }, 'query'],
  ['search: unknown method', { path: '/api/search', body: { query: message, method: 'magic' } }, 'method'],
  ['search: top_k 0', { path: '/api/search', body: { query: message, top_k: 0 } }, 'top_k'],
  ['search: top_k 21', { path: '/api/search', body: { query: message, top_k: 21 } }, 'top_k'],
  ['search: top_k 2.5', { path: '/api/search', body: { query: message, top_k: 2.5 } }, 'top_k'],
  ['search: top_k "5"', { path: '/api/search', body: { query: message, top_k: '5' } }, 'top_k'],
  ['feedback: no id', { path: '/api/feedback', body: { rating: 'up' } }, 'request_id'],
  ['feedback: bad id', { path: '/api/feedback', body: { request_id: 'a b', rating: 'up' } }, 'request_id'],
  [
    'feedback: unknown rating',
    { path: '/api/feedback', body: { request_id: '01234567', rating: 5 } },
    'rating',
  ],
  [
    'feedback: 1,001 characters',
    { path: '/api/feedback', body: { request_id: '01234567', rating: 'up', comment: tooLong } },
    'comment',
  ],
  [
    'feedback: no session',
    { path: '/api/feedback', body: { request_id: '01234567', rating: 'up' } },
    'x-session-id',
  ],
  ['statistics: 0 days', { method: 'GET', path: '/api/statistics?days=0' }, 'days'],
  ['statistics: 366 days', { method: 'GET', path: '/api/statistics?days=366' }, 'days'],
  ['statistics: no number', { method: 'GET', path: '/api/statistics?days=many' }, 'days'],
  ['performance: 31 days', { method: 'GET', path: '/api/statistics/performance?days=31' }, 'days'],
  ['activate: no version', admin({ path: '/api/admin/knowledge/activate', body: {} }), 'version'],
  ['activate: version 0', admin({ path: '/api/admin/knowledge/activate', body: { version: 0 } }), 'version'],
  ['activate: broken JSON', admin({ path: '/api/admin/knowledge/activate', body: '{' })],
  ['export: bad user', admin({ method: 'GET', path: '/api/admin/users/a%20b/export' }), 'id'],
  ['erase: bad user', admin({ method: 'DELETE', path: '/api/admin/users/a%20b' }), 'id'],
  [
    'unblock: no address',
    admin({ path: '/api/admin/rate-limit/unblock', body: { address: 'campus' } }),
    'address',
  ],
  ['performance: half a day', { method: 'GET', path: '/api/statistics/performance?days=0.5' }, 'days'],
];

const refused: readonly (readonly [string, keyof typeof codes, BadRequest])[] = [
  ['an unknown route', 404, { method: 'GET', path: '/api/nothing' }],
  [
    'an unknown route with a body',
    404,
    { path: '/api/nothing', body: 'what', headers: { 'Content-Type': 'text/plain' } },
  ],
  ['a slash too many', 404, { path: '/api/chat/', body: { message } }],
  [
    'an answer that never was',
    404,
    {
      method: 'GET',
      path: '/api/chat/0123456789abcdef/stream',
      headers: { 'X-User-ID': 'ada', 'X-Session-ID': 'test' },
    },
  ],
  ['a session that never was', 404, { method: 'GET', path: '/api/session/never' }],
  ['a history that never was', 404, { method: 'GET', path: '/api/session/never/history' }],
  ['the end of a session that never was', 404, { path: '/api/session/never/end' }],
  [
    'feedback on an answer that never was',
    404,
    {
      path: '/api/feedback',
      headers: { 'X-User-ID': 'ada', 'X-Session-ID': 'test' },
      body: { request_id: '0123456789abcdef', rating: 'up' },
    },
  ],
  ['metrics from outside', 404, { method: 'GET', path: '/metrics' }],
  [
    'a version that was never there',
    404,
    admin({ path: '/api/admin/knowledge/activate', body: { version: 4000 } }),
  ],
  ['knowledge without the operators’ token', 401, { method: 'GET', path: '/api/admin/knowledge' }],
  ['a bad body without the operators’ token', 401, { path: '/api/admin/knowledge/activate', body: {} }],
  [
    'erasure with another token',
    401,
    admin({ method: 'DELETE', path: '/api/admin/users/ada', headers: { Authorization: 'Bearer guessed' } }),
  ],
  ['a body without a type', 415, chat({ message }, { 'Content-Type': '' })],
  ['a body of another type', 415, chat({ message }, { 'Content-Type': 'text/plain' })],
  ['a form', 415, chat('message=Hello', { 'Content-Type': 'application/x-www-form-urlencoded' })],
];

const wrongMethods = [
  ['GET', '/api/chat', 'POST'],
  ['PUT', '/api/chat', 'POST'],
  ['DELETE', '/api/chat', 'POST'],
  ['PUT', '/api/session/start', 'POST'],
  ['POST', '/api/session/abc', 'GET'],
  ['POST', '/api/session/abc/history', 'GET'],
  ['GET', '/api/session/abc/end', 'POST'],
  ['POST', '/api/chat/0123456789abcdef/stream', 'GET'],
  ['GET', '/api/chat/0123456789abcdef/stop', 'POST'],
  ['GET', '/api/search', 'POST'],
  ['GET', '/api/feedback', 'POST'],
  ['POST', '/api/statistics', 'GET'],
  ['DELETE', '/api/statistics/performance', 'GET'],
  ['POST', '/api/health', 'GET'],
  ['PATCH', '/health', 'GET'],
  ['POST', '/api/admin/knowledge', 'GET'],
  ['GET', '/api/admin/knowledge/reindex', 'POST'],
  ['GET', '/api/admin/users/ada', 'DELETE'],
  ['PUT', '/api/admin/rate-limit/unblock', 'POST'],
] as const;

describe('a request that cannot be taken as it is', () => {
  test.each(invalid)('%s', async (_, bad, field?: string) => {
    const reply = await send(bad);
    const { error, details } = expectRefusal(reply, 400);
    if (field !== undefined) {
      expect(reply.headers['x-replica']).toMatch(/^replica-\d$/);
      expect(details).toContainEqual({ field, message: expect.any(String) });
      expect(error.toLowerCase()).toContain(field);
    }
  });

  test.each([
    ['user_role', ['student', 'employee', 'lecturer', 'visitor']],
    ['user_campus', ['Munich', 'Garching', 'Weihenstephan', 'Heilbronn', 'Singapore']],
  ])('a wrong %s is told what is allowed', async (field, allowed) => {
    const { error } = expectRefusal(await send(chat({ message, [field]: 'other' })), 400);
    for (const word of allowed) expect(error).toContain(word);
  });
});

test.each(refused)('%s: %i', async (_, status, bad) => {
  expectRefusal(await send(bad), status);
});

test.each(wrongMethods)(
  '%s %s is refused, and the reply says what is allowed',
  async (method, path, allowed) => {
    const reply = await send({ method, path });
    expectRefusal(reply, 405);
    expect(reply.headers.allow?.split(', ')).toContain(allowed);
    expect(reply.headers['x-replica']).toMatch(/^replica-\d$/);
  },
);

test.each([
  ['at once', false],
  ['in chunks', true],
])('a body of 10 MB sent %s is refused before it is through', async (_, isChunked) => {
  const startedAtMs = performance.now();
  const reply = await send({ ...chat({ message: 'a'.repeat(10_000_000) }), isChunked });
  expectRefusal(reply, 413);
  expect(performance.now() - startedAtMs).toBeLessThan(2000);
});

test('the longest message that is allowed counts in characters, not in bytes', async () => {
  expect(await send(chat({ message: ` ${'𝓉'.repeat(1000)} ` }))).toMatchObject({ status: 200 });
});

test('nothing of all this left anything behind, and every replica still answers', async () => {
  for (const { url } of stack.replicas()) {
    expect(await createApiClient(url).ask('Hello')).toMatchObject({ degraded: [] });
  }
  const client = createApiClient(stack.nginx.url);
  const caller = { userId: 'ada', sessionId: 'test' };
  expect((await client.send('GET', '/api/session/test', { caller })).status).toBe(404);
});
