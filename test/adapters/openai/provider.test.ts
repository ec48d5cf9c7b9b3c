import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createOpenAiProvider, type OpenAiProviderOptions } from '../../../src/adapters/openai/provider.ts';
import { createAnsweringModel } from '../../../src/domain/models/answering-model.ts';
import { freeBudget } from '../../fakes/free-budget.ts';
import { createMemoryModelGate } from '../../fakes/memory-model-gate.ts';
import { type GeminiServer, startGeminiServer } from '../../gemini-server/gemini-server.ts';
import type { Fault } from '../../gemini-server/script.ts';
import { ask } from '../gemini/ask.ts';

let server: GeminiServer;
const closing: (() => void)[] = [];

beforeAll(async () => {
  server = await startGeminiServer();
});
beforeEach(() => {
  server.setScript({});
  server.clearCalls();
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
});
afterAll(() => server.close());

function open(options: Partial<OpenAiProviderOptions> = {}) {
  const provider = createOpenAiProvider({
    baseUrl: `${server.url}/v1`,
    apiKeys: () => [],
    gate: createMemoryModelGate(),
    embedding: { model: 'own-embedding', dimension: 1024 },
    ...options,
  });
  closing.push(provider.close);
  const settings = { maxOutputTokens: 1000, temperature: 0.7, idleTimeoutMs: 150 };
  return { provider, model: provider.createLanguageModel('own-model', settings) };
}

describe('a model of one’s own', () => {
  it('answers chunk by chunk, with its token counts and without a key', async () => {
    server.setScript({ chunks: 4, chunkDelayMs: 20 });
    const { text, events, finish, error } = await ask(open().model);
    expect(error).toBeUndefined();
    expect(text).toMatch(/^According to library-hours/);
    expect(events).toEqual(['text', 'text', 'text', 'text', 'finish']);
    expect(finish).toMatchObject({ model: 'own-model', usage: { outputTokens: 20 } });
    expect(server.calls()).toMatchObject([{ path: '/v1/chat/completions', key: '' }]);
  });

  it.each<[what: string, fault: Fault, error: object]>([
    ['503', { kind: 'status', status: 503 }, { reason: 'unavailable', retryable: true }],
    ['404', { kind: 'status', status: 404 }, { reason: 'not_found' }],
    ['400', { kind: 'status', status: 400 }, { reason: 'rejected' }],
    ['429', { kind: 'status', status: 429 }, { reason: 'throttled' }],
    ['a refused key', { kind: 'bad_key', status: 403 }, { reason: 'rejected' }],
    ['a dropped connection', { kind: 'refuse_connection' }, { reason: 'unavailable', retryable: true }],
    ['a stall before the headers', { kind: 'stall_before_headers' }, { reason: 'timeout' }],
    ['a stall before the first chunk', { kind: 'stall_before_first_chunk' }, { reason: 'timeout' }],
    ['a stall in mid-stream', { kind: 'stall_mid_stream' }, { reason: 'timeout' }],
    ['a cut stream', { kind: 'cut' }, { reason: 'unavailable', retryable: true }],
    ['broken JSON', { kind: 'garbage' }, { reason: 'unavailable', retryable: true }],
    ['JSON that is no chunk', { kind: 'wrong_shape' }, { reason: 'unavailable', retryable: true }],
    ['an early end', { kind: 'early_end' }, { reason: 'unavailable', retryable: true }],
    ['503 inside a stream', { kind: 'error_in_stream', status: 503 }, { reason: 'unavailable' }],
    ['a content filter', { kind: 'finish', reason: 'SAFETY', withText: true }, { reason: 'blocked' }],
    ['length after text', { kind: 'finish', reason: 'MAX_TOKENS', withText: true }, { reason: 'truncated' }],
    ['length without text', { kind: 'finish', reason: 'MAX_TOKENS', withText: false }, { reason: 'empty' }],
    ['stop without text', { kind: 'finish', reason: 'STOP', withText: false }, { reason: 'empty' }],
  ])('that fails by %s is said as what it is, after one call', async (_what, fault, error) => {
    server.setScript({ faults: [fault] });
    const reply = await ask(open().model);
    expect(reply.error).toMatchObject({ name: 'DependencyError', ...error });
    expect(reply.finish).toBeUndefined();
    expect(server.calls()).toHaveLength(1);
  });

  it('by several keys takes the next when one is refused', async () => {
    server.setScript({ faults: [{ kind: 'bad_key', status: 403, key: 'k1' }] });
    const { model } = open({ apiKeys: () => ['k1', 'k2'] });
    for (let asked = 0; asked < 3; asked += 1) expect((await ask(model)).error).toBeUndefined();
    expect(server.calls().filter(({ key }) => key === 'k1')).toHaveLength(1);
  });

  it('is found by the list of models', async () => {
    const { provider } = open();
    const names = ['own-model', 'own-embedding', 'other'];
    expect(await Promise.all(names.map(provider.probe))).toEqual(['available', 'available', 'missing']);
  });

  it('has retries and the rest around it as any other', async () => {
    const { provider } = open();
    const gate = createMemoryModelGate();
    const model = createAnsweringModel({
      provider,
      gate,
      budget: freeBudget,
      model: 'own-model',
      fallbackModel: 'own-model',
      maxOutputTokens: 1000,
      temperature: 0.7,
      totalTimeoutMs: 8_000,
    });
    closing.push(model.close);
    server.setScript({ faults: [{ kind: 'status', status: 503, times: 2 }] });
    expect((await ask(model)).finish?.model).toBe('own-model');
    expect(server.calls()).toHaveLength(3);
  });
});

describe('embeddings of one’s own', () => {
  it('are unit vectors, in the order of their texts', async () => {
    const [model] = open().provider.embeddingModels;
    if (!model) throw new Error('no model embeds');
    const texts = ['When does the library open?', 'What is for lunch?'];
    const [together, one] = [await model.embedQueries(texts), await model.embedQueries(texts.slice(1))];
    expect(together[1]).toEqual(one[0]);
    expect(Math.hypot(...(together[0] ?? []))).toBeCloseTo(1, 10);
    expect(model).toMatchObject({ name: 'own-embedding', dimension: 1024 });
  });

  it('of another length say which setting is wrong', async () => {
    const { provider } = open({ embedding: { model: 'own-embedding', dimension: 768 } });
    await expect(provider.embeddingModels[0]?.embedQueries(['a'])).rejects.toThrow(
      'OPENAI_EMBEDDING_DIMENSION is 768, but own-embedding gives 1024',
    );
  });
});
