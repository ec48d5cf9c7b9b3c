import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGeminiProvider } from '../../../src/adapters/gemini/provider.ts';
import { type AnsweringModel, createAnsweringModel } from '../../../src/domain/models/answering-model.ts';
import type { ModelProvider } from '../../../src/domain/models/model-provider.ts';
import { freeBudget } from '../../fakes/free-budget.ts';
import { createMemoryModelGate } from '../../fakes/memory-model-gate.ts';
import { type GeminiServer, startGeminiServer } from '../../gemini-server/gemini-server.ts';
import type { Fault } from '../../gemini-server/script.ts';
import { ask } from './ask.ts';

const primary = 'gemini-3.5-flash-lite';
const fallback = 'gemini-3.8-flash';
let server: GeminiServer;
let nowMs = 0;
const closing: (() => void)[] = [];

beforeAll(async () => {
  server = await startGeminiServer();
});
beforeEach(() => {
  server.setScript({});
  server.clearCalls();
  nowMs = 0;
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
});
afterAll(() => server.close());

interface Asked {
  model: AnsweringModel;
  provider: ModelProvider;
  refused: string[];
}

function createModel(apiKeys = ['k1']): Asked {
  const now = () => nowMs;
  const gate = createMemoryModelGate({ now });
  const refused: string[] = [];
  const provider = createGeminiProvider({
    apiKeys: () => apiKeys,
    gate,
    baseUrl: server.url,
    now,
    onRefusedField: (model, field) => refused.push(`${model} ${field}`),
  });
  const model = createAnsweringModel({
    provider,
    gate,
    budget: freeBudget,
    model: primary,
    fallbackModel: fallback,
    maxOutputTokens: 1000,
    temperature: 0.7,
    totalTimeoutMs: 8_000,
    idleTimeoutMs: 1_000,
  });
  closing.push(model.close, provider.close);
  return { model, provider, refused };
}

const calls = () => server.calls().filter(({ method }) => method === 'streamGenerateContent');
const calledModels = () => calls().map(({ model }) => model);

const usage = { promptTokenCount: 7, candidatesTokenCount: 3 };
const chunk = (text: string | undefined, rest: object = {}) => ({
  candidates: [
    {
      content: { role: 'model', parts: text === undefined ? [] : [{ text }] },
      index: 0,
      ...rest,
    },
  ],
});
const stop = { finishReason: 'STOP' };
const three = (last: object = stop) => [chunk('A'), chunk('B'), chunk('C', last)];
const stopped = [chunk('A', stop), chunk('B', stop), chunk('C', stop)];
const thought = { candidates: [{ content: { parts: [{ text: 'Hm.', thought: true }] } }] };

/** Events as the API sends them, but for what is told. */
const sse = (chunks: readonly unknown[], { end = '\r\n', prefix = 'data: ', before = '' } = {}) =>
  chunks.map((each) => `${before}${prefix}${JSON.stringify(each)}${end}${end}`).join('');

const nulls = { finishReason: null };
const emoji = JSON.stringify('Viel Erfolg \u{1F393}!');
const half = emoji.indexOf('\u{1F393}');

const wholeAnswers: [shape: string, body: string, bytesPerWrite?: number | undefined, text?: string][] = [
  ['one text per chunk, the reason with the last', sse(three())],
  ['STOP in every chunk', sse(stopped)],
  ['STOP in a leading empty chunk', sse([chunk(undefined, stop), ...three({})])],
  [
    'STOP in the first chunk and null afterwards',
    sse([chunk('A', stop), chunk('B', nulls), chunk('C', nulls)]),
  ],
  ['STOP in a chunk of its own at the end', sse([...three({}), chunk(undefined, stop)])],
  ['STOP in a last chunk without content', sse([...three({}), { candidates: [stop] }])],
  ['a chunk of usage alone at the end', sse([...three(), { usageMetadata: usage }])],
  ['a chunk of usage alone at the start', sse([{ usageMetadata: usage }, ...three()])],
  ['empty candidates in between', sse([chunk('A'), { candidates: [] }, chunk('BC', stop)])],
  [
    'null for all that is not known',
    sse(
      three().map((each) => ({
        promptFeedback: null,
        usageMetadata: null,
        modelVersion: null,
        error: null,
        ...each,
      })),
    ),
  ],
  [
    'null candidates, content and parts',
    sse([
      { candidates: null },
      { candidates: [{ content: null }] },
      { candidates: [{ content: { parts: null } }] },
      ...three(),
    ]),
  ],
  [
    'a part whose text is null',
    sse([{ candidates: [{ content: { parts: [{ text: null }, { text: 'A' }] } }] }, chunk('BC', stop)]),
  ],
  [
    'several parts in one chunk',
    sse([{ candidates: [{ content: { parts: [{ text: 'A' }, { text: 'B' }] } }] }, chunk('C', stop)]),
  ],
  ['thoughts before the text', sse([thought, thought, ...three()])],
  [
    'a thought in the same chunk as text',
    sse([
      { candidates: [{ content: { parts: [{ text: 'Hm.', thought: true }, { text: 'A' }] } }] },
      chunk('BC', stop),
    ]),
  ],
  [
    'a signature of thoughts',
    sse([
      ...three({}),
      { candidates: [{ content: { parts: [{ text: '', thoughtSignature: 'x' }] }, ...stop }] },
    ]),
  ],
  [
    'fields nobody has heard of',
    sse(three().map((each) => ({ ...each, responseId: 'r', novelty: { deep: [1] } }))),
  ],
  ['a comment first', `: keepalive\r\n\r\n${sse(three())}`],
  ['comments between the chunks', sse(three(), { before: ': keepalive\r\n' })],
  ['id: before each data', sse(three(), { before: 'id: 0\r\n' })],
  ['event: message before each data', sse(three(), { before: 'event: message\r\n' })],
  [
    'id, event and retry before each data',
    sse(three(), { before: 'id: 0\nevent: message\nretry: 9\n', end: '\n' }),
  ],
  ['data: without a space', sse(three(), { prefix: 'data:' })],
  ['[DONE] in the same write as the last chunk', `${sse(three())}data: [DONE]\r\n\r\n`],
  ['[DONE] by itself, byte by byte', `${sse(three(), { end: '\n' })}data: [DONE]\n\n`, 1],
  ['LF for CRLF', sse(three(), { end: '\n' })],
  ['CR for CRLF', sse(three(), { end: '\r' })],
  ['CRLF cut anywhere', sse(three()), 1],
  ['LF cut in the middle', sse(three(), { end: '\n' }), 7],
  ['all in one write', sse(three()), 1_000_000],
  ['no empty line after the last chunk', sse(three()).trimEnd()],
  [
    'JSON over several data lines',
    'data: {"candidates":[\ndata: {"content":{"parts":[{"text":"ABC"}]},"finishReason":"STOP"}]}\n\n',
  ],
  ['umlauts cut within a character', sse([chunk('Prüfungsb'), chunk('üro', stop)]), 1, 'Prüfungsbüro'],
  [
    'a surrogate pair cut between two chunks',
    'data: {"candidates":[{"content":{"parts":[{"text":"Viel Erfolg \\ud83c"}]}}]}\n\ndata: {"candidates":[{"content":{"parts":[{"text":"\\udf93!"}]},"finishReason":"STOP"}]}\n\n',
    60,
    `${emoji.slice(1, half)}\u{1F393}!`,
  ],
  [
    'half a surrogate pair at the end',
    'data: {"candidates":[{"content":{"parts":[{"text":"Fin \\ud83c"}]},"finishReason":"STOP"}]}\n\n',
    undefined,
    'Fin \uFFFD',
  ],
];

describe('a stream of any shape', () => {
  it.each(wholeAnswers)(
    'with %s is the answer, in one call',
    async (_shape, body, bytesPerWrite, text = 'ABC') => {
      server.setScript({ faults: [{ kind: 'raw', body, bytesPerWrite }] as Fault[] });
      const deltas: string[] = [];
      const reply = await ask(createModel().model, {
        onEvent: (event) => event.type === 'text' && deltas.push(event.text),
      });
      expect(reply.error).toBeUndefined();
      expect(reply.text).toBe(text);
      expect(deltas.every((delta) => delta.isWellFormed())).toBe(true);
      expect(reply.events).not.toContain('restart');
      expect(calledModels()).toEqual([primary]);
    },
  );

  it.each<[shape: string, chunks: object[], reason: string | undefined, models: string[]]>([
    [
      'STOP first and MAX_TOKENS last',
      [chunk('A', stop), chunk('B', { finishReason: 'MAX_TOKENS' })],
      undefined,
      [primary, primary],
    ],
    [
      'STOP first and SAFETY last',
      [chunk('A', stop), chunk('B', { finishReason: 'SAFETY' })],
      'blocked',
      [primary],
    ],
    ['LANGUAGE', [chunk('A', { finishReason: 'LANGUAGE' })], 'blocked', [primary]],
    [
      'MALFORMED_FUNCTION_CALL',
      [chunk('A', { finishReason: 'MALFORMED_FUNCTION_CALL' })],
      undefined,
      [primary, primary],
    ],
    ['no reason at all', [chunk('A')], undefined, [primary, primary]],
    ['nothing but thoughts', [thought, chunk(undefined, stop)], undefined, [primary, primary]],
  ])('with %s is no answer', async (_shape, chunks, reason, models) => {
    server.setScript({ text: 'Whole.', faults: [{ kind: 'raw', body: sse(chunks), times: 1 }] as Fault[] });
    const reply = await ask(createModel().model);
    if (reason === undefined) expect(reply.text).toBe('Whole.');
    else expect(reply.error).toMatchObject({ reason });
    expect(calledModels()).toEqual(models);
  });

  it('counts the tokens of the last usage that came, those of failed calls as well', async () => {
    const cut = { usageMetadata: { ...usage, thoughtsTokenCount: 5, cachedContentTokenCount: 2 } };
    const body = sse([chunk('A'), { ...chunk('B', { finishReason: 'MAX_TOKENS' }), ...cut }]);
    server.setScript({ faults: [{ kind: 'raw', body, times: 1 }] as Fault[] });
    const { model, provider } = createModel();
    const bare = provider.createLanguageModel(primary, {
      maxOutputTokens: 10,
      temperature: 0,
      idleTimeoutMs: 1_000,
    });
    expect((await ask(bare)).error).toMatchObject({
      reason: 'truncated',
      usage: { inputTokens: 7, outputTokens: 8, thoughtTokens: 5, cachedTokens: 2 },
    });
    expect((await ask(model)).finish?.usage.outputTokens).toBeGreaterThan(0);
  });
});

const errorInfo = (reason: string) => ({ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason });
const retryInfo = (retryDelay: string) => ({
  '@type': 'type.googleapis.com/google.rpc.RetryInfo',
  retryDelay,
});
const badKey = {
  code: 400,
  message: 'API key not valid. Please pass a valid API key.',
  status: 'INVALID_ARGUMENT',
  details: [errorInfo('API_KEY_INVALID')],
};
const oldKey = {
  code: 401,
  message: 'Request had invalid authentication credentials.',
  status: 'UNAUTHENTICATED',
  details: [errorInfo('ACCESS_TOKEN_TYPE_UNSUPPORTED')],
};
const quota = {
  code: 429,
  message: 'Quota exceeded.',
  status: 'RESOURCE_EXHAUSTED',
  details: [retryInfo('30s')],
};

describe('an error body', () => {
  const fail = (status: number, body: unknown, rest: object = {}) => ({
    kind: 'raw',
    status,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...rest,
  });

  it.each<[what: string, status: number, body: unknown, advice: string | undefined]>([
    ['of an invalid key', 400, { error: badKey }, 'make an authorised key (AQ.)'],
    ['of an invalid key, in an array', 400, [{ error: badKey }], 'make an authorised key (AQ.)'],
    ['of a key of the old kind', 401, { error: oldKey }, 'make an authorised key (AQ.)'],
    ['of a key of the old kind, in an array', 401, [{ error: oldKey }], 'make an authorised key (AQ.)'],
    ['of a forbidden key', 403, { error: { code: 403, message: 'Permission denied' } }, undefined],
  ])('%s sets that key aside; the next one answers', async (_what, status, body, advice) => {
    server.setScript({
      faults: [fail(status, body, { key: 'k1', methods: ['streamGenerateContent', 'get'] })] as Fault[],
    });
    const { model, provider } = createModel(['k1', 'k2']);
    for (let asked = 0; asked < 3; asked += 1) expect((await ask(model)).finish?.model).toBe(primary);
    expect(calls().filter(({ key }) => key === 'k1')).toHaveLength(1);
    expect(model.status()).toMatchObject({ state: 'up', refusedKeys: 1 });
    expect(provider.credentials.advice()).toBe(advice);
  });

  it.each([
    ['of a quota', { error: quota }],
    ['of a quota, in an array', [{ error: quota }]],
  ])('%s keeps its model at rest for as long as it says', async (_what, body) => {
    server.setScript({ faults: [fail(429, body, { model: primary })] as Fault[] });
    const { model } = createModel();
    const askAt = async (ms: number) => {
      nowMs = ms;
      expect((await ask(model)).finish?.model).toBe(fallback);
      return calledModels().filter((name) => name === primary).length;
    };
    expect([await askAt(0), await askAt(29_999), await askAt(30_001)]).toEqual([1, 1, 2]);
  });

  it.each<[what: string, status: number, body: unknown, models: string[]]>([
    ['that is HTML', 502, '<html>Bad gateway</html>', [primary, primary]],
    ['that is empty', 503, '', [primary, primary]],
    ['without details', 500, { error: { message: 'Internal error' } }, [primary, primary]],
    [
      'of a model that is gone',
      404,
      [{ error: { code: 404, message: 'models/x is not found' } }],
      [primary, fallback],
    ],
    [
      'of a request that nothing heals',
      400,
      { error: { code: 400, message: 'Request contains an invalid argument.' } },
      [primary, fallback],
    ],
  ])('%s costs no more calls than it must', async (_what, status, body, models) => {
    server.setScript({ faults: [fail(status, body, { model: primary, times: 1 })] as Fault[] });
    expect((await ask(createModel().model)).error).toBeUndefined();
    expect(calledModels()).toEqual(models);
  });
});

describe('a model that has moved on', () => {
  it('refuses a setting once: it is left out from then on, and said', async () => {
    server.setScript({ profiles: { [primary]: 'next' } });
    const { model, provider, refused } = createModel();
    for (let asked = 0; asked < 3; asked += 1) expect((await ask(model)).finish?.model).toBe(primary);
    // Temperature, then MINIMAL; afterwards neither.
    expect(calledModels()).toEqual(Array(5).fill(primary));
    expect(refused).toEqual([`${primary} temperature`, `${primary} thinkingConfig`]);
    expect(provider.notes()).toEqual([`${primary} refuses temperature, thinkingConfig; left out`]);
  });

  it.each(['3.5-flash-lite', '3.8-flash', 'next'] as const)(
    'to the profile %s answers whole',
    async (profile) => {
      server.setScript({ profiles: { [primary]: profile, [fallback]: profile } });
      const { model } = createModel();
      expect((await ask(model)).text).toMatch(/^According to library-hours/);
      server.clearCalls();
      expect((await ask(model)).finish?.model).toBe(primary);
      expect(calledModels()).toEqual([primary]);
    },
  );

  it('refuses store: false: nothing more is sent to it, and the other one answers', async () => {
    server.setScript({ storingModels: [primary] });
    const { model, provider, refused } = createModel();
    for (let asked = 0; asked < 3; asked += 1) expect((await ask(model)).finish?.model).toBe(fallback);
    expect(calledModels().filter((name) => name === primary)).toHaveLength(1);
    expect(refused).toEqual([`${primary} store`]);
    expect(provider.notes()).toEqual([`${primary} does not take store: false, so nothing is sent to it`]);
    expect(model.status().state).toBe('degraded');
    server.setScript({});
    nowMs = 30_001;
    expect((await ask(model)).finish?.model).toBe(primary);
    expect(provider.notes()).toEqual([]);
  });
});
