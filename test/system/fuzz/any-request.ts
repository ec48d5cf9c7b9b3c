import fc from 'fast-check';
import { anyText, largestBodyBytes, repeatedText, writeText } from '../../fuzz/any-text.ts';

export interface FuzzRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
}

/** Bodies that would be taken, by the path that takes them. */
const validBodies: Readonly<Record<string, object>> = {
  '/api/chat': { message: 'When is the library open?', user_role: 'student', user_campus: 'Garching' },
  '/api/session/start': { user_role: 'student', user_campus: 'Munich' },
  '/api/search': { query: 'library', method: 'keyword', top_k: 5 },
  '/api/feedback': { request_id: '0f8fad5bd9cb469fa16570867728950e', rating: 'up', comment: 'Thanks' },
  '/v1/chat/completions': { model: 'tum-chatbot', messages: [{ role: 'user', content: 'Hello' }] },
};
/** Fields without which there is no valid body. */
const needed: Readonly<Record<string, string>> = {
  '/api/chat': 'message',
  '/api/search': 'query',
  '/api/feedback': 'rating',
  '/v1/chat/completions': 'messages',
};

const jsonHeaders = { 'content-type': 'application/json' };
const toJson = (value: unknown) => Buffer.from(JSON.stringify(value) ?? 'null');

/** What no header of HTTP/1.1 can hold is left out. */
const toHeader = (text: string) => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '').trim();
const headerValue = fc.oneof(
  anyText.map(toHeader),
  fc.constantFrom('', '*', 'a', '::1', '0', 'text/event-stream'),
);
const headerName = fc.constantFrom(
  ...[
    'accept',
    'accept-language',
    'accept-encoding',
    'authorization',
    'content-type',
    'cookie',
    'idempotency-key',
  ],
  ...['if-none-match', 'last-event-id', 'origin', 'range', 'sec-fetch-site', 'x-forwarded-for', 'x-real-ip'],
  ...[
    'x-request-id',
    'x-session-id',
    'x-user-id',
    'traceparent',
    'user-agent',
    'forwarded',
    'x-http-method-override',
  ],
);
const anyHeaders = fc.dictionary(headerName, headerValue, { maxKeys: 4 });

const anyJson = fc.oneof(
  fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }),
  anyText,
  fc.constantFrom(null, [], {}, 0, -1, 1e308, '', true),
);
const longText = fc
  .tuple(repeatedText, fc.constantFrom(2000, largestBodyBytes))
  .map(([text, bytes]) => writeText(text, bytes));

const fillPath = (path: string, value: string) =>
  path.replace(/\{[^}]+\}/g, () => encodeURIComponent(value.toWellFormed()));
const pathValue = fc.oneof(
  anyText,
  fc.constantFrom('test', '0f8fad5bd9cb469fa16570867728950e', '..', '%', 'a/b'),
);
const query = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: anyText.map((text) => `?days=${encodeURIComponent(text.toWellFormed())}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('?days=0', '?days=1e9', '?days=', '?%', '?days[]=1', '?__proto__=1'),
  },
);

export interface Route {
  method: string;
  path: string;
}

/** Anything at all for one of these routes, valid or not. */
export const anyRequest = (routes: readonly Route[]): fc.Arbitrary<FuzzRequest> =>
  fc.constantFrom(...routes).chain(({ method, path }) => {
    const valid = validBodies[path] ?? {};
    const changed = fc
      .record({
        field: fc.constantFrom(...Object.keys(valid), '__proto__', 'session_id', 'extra'),
        value: anyJson,
      })
      .map(({ field, value }) => ({ ...valid, [field]: value }));
    const body = fc.oneof(
      changed.map(toJson),
      anyJson.map(toJson),
      fc.oneof(anyText, longText).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    );
    return fc
      .record({
        headers: anyHeaders,
        value: pathValue,
        query,
        body,
        method: fc.constantFrom(method, method, method, 'PUT', 'OPTIONS'),
      })
      .map((made) => {
        const hasBody = made.method === 'POST' || made.method === 'PUT';
        return {
          method: made.method,
          path: fillPath(path, made.value) + made.query,
          headers: { ...(hasBody && jsonHeaders), ...made.headers },
          body: hasBody ? made.body : undefined,
        };
      });
  });

const wrongText = fc.constantFrom('', ' \n', 'a\0b', '\ud800', 'x'.repeat(1001), '\ufdfa'.repeat(1001));
/** Values that no needed field takes: neither text nor list, or text that is no text of a person. */
const wrongValue = fc.oneof(
  wrongText,
  fc.constantFrom(null, 0, 1.5, true, {}, [[]], [1, 2], [{}], { text: 'a' }),
);
const wrongLabel = fc.constantFrom('a b', 'a/b', 'ä', 'x'.repeat(129), '<script>', "' OR 1=1--", '{}');

/** Requests with one thing wrong that must be refused, whatever else they hold. */
export const invalidRequest: fc.Arbitrary<FuzzRequest> = fc
  .constantFrom(...Object.keys(validBodies))
  .chain((path) => {
    const valid = validBodies[path] ?? {};
    const base = { method: 'POST', path, headers: jsonHeaders as Record<string, string> };
    const field = needed[path];
    const wrongBody = fc.oneof(
      ...(field === undefined
        ? []
        : [
            wrongValue.map((value) => toJson({ ...valid, [field]: value })),
            anyJson.map((value) => toJson({ [`not_${field}`]: value })),
          ]),
      fc.constantFrom('{', '[', '"a', '{"message":', 'NaN', "{'a':1}").map((text) => Buffer.from(text)),
      fc.constantFrom('[]', '[1]', 'null', '7', '"a"', 'true').map((text) => Buffer.from(text)),
      fc
        .constantFrom([0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80])
        .map((bytes) =>
          Buffer.concat([Buffer.from(`{"${field ?? 'user_role'}":"`), Buffer.from(bytes), Buffer.from('"}')]),
        ),
    );
    const wrongCaller = {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom('x-user-id', 'x-session-id'), wrongLabel).map(([name, value]) => ({
        ...base,
        headers: { ...jsonHeaders, [name]: value },
        body: toJson(valid),
      })),
    };
    return fc.oneof(
      { weight: 3, arbitrary: wrongBody.map((body) => ({ ...base, body })) },
      // A search is nobody's.
      ...(path === '/api/search' ? [] : [wrongCaller]),
      {
        weight: 1,
        arbitrary: fc
          .constantFrom(
            'text/plain',
            'multipart/form-data',
            'application/x-www-form-urlencoded',
            'application/jsonx',
          )
          .map((type) => ({ ...base, headers: { 'content-type': type }, body: toJson(valid) })),
      },
    );
  });
