import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGeminiProvider, type GeminiProviderOptions } from '../../../src/adapters/gemini/provider.ts';
import type { LanguageModelSettings } from '../../../src/domain/models/model-provider.ts';
import { createMemoryModelGate } from '../../fakes/memory-model-gate.ts';
import { type GeminiServer, startGeminiServer } from '../../gemini-server/gemini-server.ts';
import type { Fault } from '../../gemini-server/script.ts';
import { ask } from './ask.ts';

let server: GeminiServer;
const unhandled: unknown[] = [];
const noteUnhandled = (reason: unknown) => unhandled.push(reason);

beforeAll(async () => {
  process.on('unhandledRejection', noteUnhandled);
  server = await startGeminiServer();
});
beforeEach(() => {
  server.setScript({});
  server.clearCalls();
});
afterEach(async () => {
  // Unhandled rejections are reported once the microtasks are done.
  await new Promise(setImmediate);
  expect(unhandled).toEqual([]);
});
afterAll(async () => {
  process.off('unhandledRejection', noteUnhandled);
  await server.close();
});

type ModelOptions = Partial<LanguageModelSettings & GeminiProviderOptions & { model: string }>;

function createModel(options: ModelOptions = {}, apiKeys = ['key-a']) {
  const provider = createGeminiProvider({
    apiKeys: () => apiKeys,
    gate: createMemoryModelGate(),
    baseUrl: server.url,
    ...options,
  });
  return provider.createLanguageModel(options.model ?? 'gemini-3.5-flash-lite', {
    maxOutputTokens: 4096,
    temperature: 0.7,
    idleTimeoutMs: 150,
    ...options,
  });
}

describe('an answer', () => {
  it('comes chunk by chunk, grounded in the prompt, and ends with its token counts', async () => {
    server.setScript({ chunks: 4, chunkDelayMs: 20 });
    const { text, events, finish, error } = await ask(createModel());
    expect(error).toBeUndefined();
    expect(text).toContain("According to library-hours: From 8 to 24 o'clock.");
    expect(events).toEqual(['text', 'text', 'text', 'text', 'finish']);
    expect(finish).toMatchObject({
      model: 'gemini-3.5-flash-lite',
      usage: { outputTokens: 20, thoughtTokens: 0, cachedTokens: 0 },
    });
    expect(finish?.usage.inputTokens).toBeGreaterThan(0);
  });

  it.each([
    ['gemini-3.5-flash-lite', { temperature: 0.2, thinkingConfig: { thinkingLevel: 'MINIMAL' } }],
    ['gemini-3.8-flash', { thinkingConfig: { thinkingLevel: 'LOW', includeThoughts: true } }],
    ['gemini-4-flash', { thinkingConfig: { thinkingLevel: 'LOW', includeThoughts: true } }],
  ])(
    'of %s is asked for with what that model takes, room for its thoughts, and is not stored',
    async (model, config) => {
      expect((await ask(createModel({ model, temperature: 0.2 }))).error).toBeUndefined();
      const [call] = server.calls();
      if (!call) throw new Error('nothing was asked');
      expect(call.path).toBe(`/v1beta/models/${model}:streamGenerateContent`);
      expect(call?.key).toBe('key-a');
      const { generationConfig, ...body } = call.body as { generationConfig: { maxOutputTokens: number } };
      expect(body).toMatchObject({
        store: false,
        systemInstruction: { parts: [{ text: 'Answer from the entries.' }] },
      });
      const { maxOutputTokens, ...rest } = generationConfig;
      expect(rest).toEqual(config);
      expect(maxOutputTokens).toBeGreaterThan(4096 + 300);
    },
  );

  it('passes each chunk on when it comes, not at the end', async () => {
    server.setScript({ chunks: 3, chunkDelayMs: 60 });
    const times: number[] = [];
    await ask(createModel(), { onEvent: () => times.push(performance.now()) });
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(30);
  });

  it('never holds the thoughts of the model', async () => {
    server.setScript({ thought: 'The person seems to be in a hurry.', text: 'At eight.' });
    expect((await ask(createModel())).text).toBe('At eight.');
  });

  it('leaves its connection open for later ones', async () => {
    const model = createModel();
    const before = server.connectionCount();
    for (let count = 0; count < 10; count += 1) await ask(model);
    expect(server.connectionCount() - before).toBe(1);
  });

  it('by another version of the model is noted once', async () => {
    server.setScript({ modelVersion: 'gemini-3.5-flash-lite-002' });
    const versions: string[] = [];
    const model = createModel({ onModelVersion: (version) => versions.push(version) });
    await ask(model);
    await ask(model);
    expect(versions).toEqual(['gemini-3.5-flash-lite-002']);
  });
});

const failures: [what: string, fault: Fault, error: object][] = [
  ['500', { kind: 'status', status: 500 }, { reason: 'unavailable', retryable: true }],
  ['503', { kind: 'status', status: 503 }, { reason: 'unavailable', retryable: true }],
  ['504', { kind: 'status', status: 504 }, { reason: 'timeout', retryable: true }],
  ['404', { kind: 'status', status: 404 }, { reason: 'not_found', retryable: false }],
  ['a request that is refused', { kind: 'status', status: 400 }, { reason: 'rejected', retryable: false }],
  ['an old key', { kind: 'bad_key', status: 401 }, { reason: 'rejected', retryable: false }],
  ['an invalid key', { kind: 'bad_key', status: 400 }, { reason: 'rejected', retryable: false }],
  ['a forbidden key', { kind: 'bad_key', status: 403 }, { reason: 'rejected', retryable: false }],
  ['429', { kind: 'status', status: 429, retryDelaySeconds: 17 }, { reason: 'throttled', retryable: false }],
  ['a dropped connection', { kind: 'refuse_connection' }, { reason: 'unavailable', retryable: true }],
  ['a stall before the headers', { kind: 'stall_before_headers' }, { reason: 'timeout' }],
  ['a stall before the first chunk', { kind: 'stall_before_first_chunk' }, { reason: 'timeout' }],
  ['a stall in mid-stream', { kind: 'stall_mid_stream' }, { reason: 'timeout' }],
  ['a cut stream', { kind: 'cut' }, { reason: 'unavailable', retryable: true }],
  ['broken JSON in a stream left open', { kind: 'garbage' }, { reason: 'unavailable', retryable: true }],
  ['JSON that is no chunk', { kind: 'wrong_shape' }, { reason: 'unavailable', retryable: true }],
  ['a clean end without finish reason', { kind: 'early_end' }, { reason: 'unavailable', retryable: true }],
  ['503 inside a 200 stream', { kind: 'error_in_stream', status: 503 }, { reason: 'unavailable' }],
  ['429 inside a 200 stream', { kind: 'error_in_stream', status: 429 }, { reason: 'throttled' }],
  ['a blocked prompt', { kind: 'prompt_block', reason: 'OTHER' }, { reason: 'blocked' }],
  ['SAFETY without text', { kind: 'finish', reason: 'SAFETY', withText: false }, { reason: 'blocked' }],
  ['SAFETY after text', { kind: 'finish', reason: 'SAFETY', withText: true }, { reason: 'blocked' }],
  ['RECITATION', { kind: 'finish', reason: 'RECITATION', withText: true }, { reason: 'blocked' }],
  ['a reason of next year', { kind: 'finish', reason: 'NEW_REASON', withText: true }, { reason: 'blocked' }],
  ['OTHER', { kind: 'finish', reason: 'OTHER', withText: true }, { reason: 'unavailable' }],
  ['MAX_TOKENS without text', { kind: 'finish', reason: 'MAX_TOKENS', withText: false }, { reason: 'empty' }],
  [
    'MAX_TOKENS after text',
    { kind: 'finish', reason: 'MAX_TOKENS', withText: true },
    { reason: 'truncated' },
  ],
  ['STOP without text', { kind: 'finish', reason: 'STOP', withText: false }, { reason: 'empty' }],
];

describe('a failure', () => {
  it.each(failures)(
    '%s: one call, no finish, the right error, nothing left open',
    async (_what, fault, error) => {
      server.setScript({ faults: [fault] });
      const reply = await ask(createModel());
      expect(reply.error).toMatchObject({ name: 'DependencyError', dependency: 'gemini', ...error });
      expect(reply.finish).toBeUndefined();
      expect(server.calls()).toHaveLength(1);
      await vi.waitFor(() => expect(server.openCalls()).toBe(0), { timeout: 500, interval: 5 });
    },
  );

  it('never names the key', async () => {
    server.setScript({ refusedKeys: ['secret-key'] });
    const { error } = await ask(createModel({}, ['secret-key']));
    expect(JSON.stringify([String(error), error])).not.toContain('secret-key');
  });

  it('of the idle kind does not hit a model that thinks, whether it shows its thoughts or is silent at first', async () => {
    server.setScript({ thinkMs: 250, text: 'At eight.' });
    const model = 'gemini-3.8-flash';
    expect((await ask(createModel({ model }))).text).toBe('At eight.');
    server.setScript({ thinkMs: 600, showsThoughts: true, text: 'At eight.' });
    expect((await ask(createModel({ model }))).text).toBe('At eight.');
    server.setScript({ thinkMs: 5_000 });
    expect((await ask(createModel({ model }))).error).toMatchObject({ reason: 'timeout' });
  });

  it('of the idle kind does not hit a stream that is slow but alive', async () => {
    server.setScript({ chunks: 4, chunkDelayMs: 80 });
    expect((await ask(createModel())).error).toBeUndefined();
  });

  it('when nobody listens at all is unavailable', async () => {
    const gone = await startGeminiServer();
    await gone.close();
    const { error } = await ask(createModel({ baseUrl: gone.url }));
    expect(error).toMatchObject({ reason: 'unavailable', retryable: true });
  });
});

describe('an asker who goes away', () => {
  it.each([
    ['before the headers', { latencyMs: 5_000 }],
    ['in mid-stream', { chunkDelayMs: 5_000 }],
  ])('%s ends the upstream call within 200 ms, with the reason given', async (_when, script) => {
    server.setScript(script);
    const controller = new AbortController();
    const reply = ask(createModel({ idleTimeoutMs: 10_000 }), { signal: controller.signal });
    await vi.waitFor(() => expect(server.openCalls()).toBe(1), { interval: 5 });
    const abortedAt = performance.now();
    controller.abort(new Error('gone'));
    expect((await reply).error).toMatchObject({ message: 'gone' });
    await vi.waitFor(() => expect(server.openCalls()).toBe(0), { interval: 5 });
    expect(performance.now() - abortedAt).toBeLessThan(200);
    expect(server.calls()[0]?.closedEarly).toBe(true);
  });

  it('by leaving the loop ends the upstream call, too', async () => {
    server.setScript({ chunkDelayMs: 5_000 });
    const signal = new AbortController().signal;
    const events = createModel({ idleTimeoutMs: 10_000 }).generate(
      { system: 's', messages: [{ author: 'user', text: 'q' }] },
      { signal },
    );
    for await (const _event of events) break;
    await vi.waitFor(() => expect(server.openCalls()).toBe(0), { timeout: 200, interval: 5 });
  });

  it('before the call costs none', async () => {
    const { error } = await ask(createModel(), { signal: AbortSignal.abort(new Error('gone')) });
    expect(error).toMatchObject({ message: 'gone' });
    expect(server.calls()).toEqual([]);
  });
});

describe('keys', () => {
  it('take turns', async () => {
    const model = createModel({}, ['key-a', 'key-b', 'key-c']);
    for (let count = 0; count < 6; count += 1) await ask(model);
    expect(
      server
        .calls()
        .map(({ key }) => key)
        .sort(),
    ).toEqual(['key-a', 'key-b', 'key-c'].flatMap((key) => [key, key]));
  });

  it.each<[string, Fault]>([
    ['exhausted', { kind: 'status', status: 429, retryDelaySeconds: 17, key: 'key-a' }],
    ['out of its daily quota', { kind: 'status', status: 429, perDay: true, key: 'key-a' }],
    ['refused', { kind: 'bad_key', status: 400, key: 'key-a' }],
  ])('that are %s are skipped, and nobody notices', async (_what, fault) => {
    server.setScript({ faults: [fault] });
    const model = createModel({}, ['key-a', 'key-b']);
    for (let count = 0; count < 5; count += 1) expect((await ask(model)).error).toBeUndefined();
    expect(server.calls().filter(({ key }) => key === 'key-a')).toHaveLength(1);
    expect(server.calls().filter(({ key }) => key === 'key-b')).toHaveLength(5);
  });

  it('that are all exhausted mean no call until the first delay is over, on any replica', async () => {
    let nowMs = 0;
    const gate = createMemoryModelGate({ now: () => nowMs });
    const now = () => nowMs;
    const [replica, other] = [createModel({ gate, now }), createModel({ gate, now })];
    server.setScript({ faults: [{ kind: 'status', status: 429, retryDelaySeconds: 17, times: 1 }] });
    expect((await ask(replica)).error).toMatchObject({ reason: 'throttled', retryAfterMs: 17_000 });
    nowMs = 16_999;
    expect((await ask(replica)).error).toMatchObject({ reason: 'throttled', retryAfterMs: 1 });
    expect((await ask(other)).error).toMatchObject({ reason: 'throttled' });
    expect(server.calls()).toHaveLength(1);
    nowMs = 17_000;
    expect((await ask(other)).error).toBeUndefined();
    expect((await ask(replica)).error).toBeUndefined();
  });

  it('that change are taken at once', async () => {
    let apiKeys = ['old'];
    const model = createModel({ apiKeys: () => apiKeys });
    server.setScript({ refusedKeys: ['old'] });
    expect((await ask(model)).error).toMatchObject({ reason: 'rejected' });
    apiKeys = ['new'];
    expect((await ask(model)).error).toBeUndefined();
  });
});
