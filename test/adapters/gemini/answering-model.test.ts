import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGeminiProvider } from '../../../src/adapters/gemini/provider.ts';
import {
  type AnsweringModel,
  type AnsweringModelOptions,
  createAnsweringModel,
} from '../../../src/domain/models/answering-model.ts';
import type { ModelCall } from '../../../src/domain/models/observed-model.ts';
import { freeBudget } from '../../fakes/free-budget.ts';
import { createMemoryModelGate } from '../../fakes/memory-model-gate.ts';
import { type GeminiServer, startGeminiServer } from '../../gemini-server/gemini-server.ts';
import type { Fault } from '../../gemini-server/script.ts';
import { ask } from './ask.ts';

const primary = 'gemini-3.5-flash-lite';
const fallback = 'gemini-3.8-flash';
/** What is kept free for thoughts at the level MINIMAL. */
const minimalThoughts = 512;
let server: GeminiServer;
const models: AnsweringModel[] = [];

beforeAll(async () => {
  server = await startGeminiServer();
});
beforeEach(() => {
  server.setScript({});
  server.clearCalls();
});
afterEach(() => {
  for (const model of models.splice(0)) model.close();
});
afterAll(() => server.close());

function createModel(options: Partial<AnsweringModelOptions> = {}, apiKeys = ['key-a']): AnsweringModel {
  const gate = options.gate ?? createMemoryModelGate();
  const model = createAnsweringModel({
    model: primary,
    fallbackModel: fallback,
    provider: createGeminiProvider({ apiKeys: () => apiKeys, gate, baseUrl: server.url }),
    gate,
    budget: freeBudget,
    maxOutputTokens: 1000,
    temperature: 0.7,
    totalTimeoutMs: 8_000,
    idleTimeoutMs: 200,
    halfOpenAfterMs: 100,
    ...options,
  });
  models.push(model);
  return model;
}

const generations = () => server.calls().filter(({ method }) => method === 'streamGenerateContent');
const calledModels = () => generations().map(({ model }) => model);
const askTimes = async (model: AnsweringModel, count: number) => {
  for (let asked = 0; asked < count; asked += 1) await ask(model);
};

describe('one failed call', () => {
  it.each<[string, Fault]>([
    ['500', { kind: 'status', status: 500, times: 1 }],
    ['503', { kind: 'status', status: 503, times: 1 }],
    ['a dropped connection', { kind: 'refuse_connection', times: 1 }],
  ])('%s is made good by one retry', async (_what, fault) => {
    server.setScript({ faults: [fault] });
    const reply = await ask(createModel());
    expect(reply.finish?.model).toBe(primary);
    expect(reply.events).not.toContain('restart');
    expect(calledModels()).toEqual([primary, primary]);
  });

  it.each<[string, Fault]>([
    ['a cut stream', { kind: 'cut', times: 1 }],
    ['garbage', { kind: 'garbage', times: 1 }],
    ['an early end', { kind: 'early_end', times: 1 }],
    ['an error inside the stream', { kind: 'error_in_stream', status: 503, times: 1 }],
  ])('%s after text voids that text and starts again', async (_what, fault) => {
    // The pause lets the first chunk out before the fault.
    server.setScript({ faults: [fault], text: 'The library opens at eight.', chunkDelayMs: 20 });
    const reply = await ask(createModel());
    expect(reply.text).toBe('The library opens at eight.');
    expect(reply.events.filter((type) => type === 'restart')).toHaveLength(1);
    expect(reply.finish).toBeDefined();
  });

  it('of the other model as well leaves an error after one retry of the first and two of the last', async () => {
    server.setScript({ faults: [{ kind: 'status', status: 503 }] });
    expect((await ask(createModel())).error).toMatchObject({ reason: 'unavailable' });
    expect(calledModels()).toEqual([primary, primary, fallback, fallback, fallback]);
  });
});

describe('the fallback model', () => {
  it.each<[string, Fault, number]>([
    ['does not exist', { kind: 'status', status: 404, model: primary }, 1],
    ['is out of quota', { kind: 'status', status: 429, retryDelaySeconds: 60, model: primary }, 1],
    ['is overloaded twice', { kind: 'status', status: 503, model: primary }, 2],
    ['is silent', { kind: 'stall_before_headers', model: primary }, 1],
    ['stalls in mid-stream', { kind: 'stall_mid_stream', model: primary }, 1],
    ['refuses the request', { kind: 'status', status: 400, model: primary }, 1],
  ])('answers when the first one %s', async (_what, fault, primaryCalls) => {
    server.setScript({ faults: [fault] });
    const reply = await ask(createModel());
    expect(reply.finish?.model).toBe(fallback);
    expect(calledModels()).toEqual([...Array(primaryCalls).fill(primary), fallback]);
  });

  it('is not asked about what was blocked', async () => {
    server.setScript({ faults: [{ kind: 'prompt_block', reason: 'SAFETY' }] });
    expect((await ask(createModel())).error).toMatchObject({ reason: 'blocked' });
    expect(calledModels()).toEqual([primary]);
  });
});

describe('a reply that ran out of tokens', () => {
  it.each([true, false])('is asked for once more with more room (text: %s)', async (withText) => {
    server.setScript({ faults: [{ kind: 'finish', reason: 'MAX_TOKENS', withText, times: 1 }] });
    const reply = await ask(createModel());
    expect(reply.finish?.model).toBe(primary);
    expect(reply.text).toMatch(/^According to/);
    expect(generations().map(({ body }) => body)).toMatchObject([
      { generationConfig: { maxOutputTokens: 1000 + minimalThoughts } },
      { generationConfig: { maxOutputTokens: 2000 + minimalThoughts } },
    ]);
  });
});

describe('the deadline', () => {
  it('holds for all tries together', async () => {
    server.setScript({ chunks: 50, chunkDelayMs: 100 });
    const startedAt = performance.now();
    const reply = await ask(createModel({ totalTimeoutMs: 400 }));
    expect(reply.error).toMatchObject({ reason: 'timeout' });
    expect(performance.now() - startedAt).toBeLessThan(700);
    await vi.waitFor(() => expect(server.openCalls()).toBe(0), { interval: 5 });
    expect(calledModels()).toEqual([primary]);
  });

  it('lets no try start in its last seconds', async () => {
    server.setScript({ faults: [{ kind: 'status', status: 503 }] });
    await ask(createModel({ totalTimeoutMs: 1_900 }));
    expect(calledModels()).toEqual([primary]);
  });
});

describe('the breaker', () => {
  it('opens under 100 % failures; from then on an answer costs no call', async () => {
    server.setScript({ faults: [{ kind: 'status', status: 503 }] });
    const model = createModel({ halfOpenAfterMs: 60_000 });
    await askTimes(model, 6);
    server.clearCalls();
    const startedAt = performance.now();
    expect((await ask(model)).error).toMatchObject({ reason: 'unavailable' });
    expect(performance.now() - startedAt).toBeLessThan(50);
    expect(generations()).toEqual([]);
  });

  it('stays closed under 30 % failures, and nearly everybody gets an answer', async () => {
    server.setScript({ faults: [{ kind: 'status', status: 503, share: 0.3 }] });
    const model = createModel({ halfOpenAfterMs: 60_000, idleTimeoutMs: 5_000 });
    const replies = await Promise.all(Array.from({ length: 100 }, () => ask(model)));
    expect(replies.filter(({ finish }) => finish).length).toBeGreaterThanOrEqual(97);
    expect(model.status().state).toBe('up');
  });

  it('makes a silent model cost its time limit to two askers, not to each', async () => {
    server.setScript({ faults: [{ kind: 'stall_before_headers' }] });
    const model = createModel({ halfOpenAfterMs: 60_000 });
    await askTimes(model, 4);
    expect(calledModels()).toEqual([primary, fallback, primary, fallback]);
  });

  it('asks a model that does not exist again only for a trial', async () => {
    server.setScript({ missingModels: [primary] });
    const model = createModel({ halfOpenAfterMs: 60_000 });
    await askTimes(model, 4);
    expect(calledModels().filter((name) => name === primary)).toHaveLength(1);
  });

  it('closes after one successful trial', async () => {
    server.setScript({ faults: [{ kind: 'status', status: 503, model: primary }] });
    const model = createModel();
    await askTimes(model, 5);
    expect((await ask(model)).finish?.model).toBe(fallback);
    server.setScript({});
    await vi.waitFor(async () => expect((await ask(model)).finish?.model).toBe(primary), { interval: 30 });
  });
});

describe('the request budget', () => {
  it('once used up, lets no call through', async () => {
    const model = createModel({ gate: createMemoryModelGate({ budget: 2 }) });
    await askTimes(model, 2);
    expect((await ask(model)).error).toMatchObject({ reason: 'throttled' });
    expect(generations()).toHaveLength(2);
  });
});

describe('observations', () => {
  it('tell of every call, its end and its place in the answer', async () => {
    server.setScript({ faults: [{ kind: 'status', status: 503, times: 1 }] });
    const calls: ModelCall[] = [];
    await ask(createModel({ onCall: (call) => calls.push(call) }));
    expect(calls).toMatchObject([
      { model: primary, outcome: 'unavailable', attempt: 1, outputTokens: 0, firstTextMs: undefined },
      { model: primary, outcome: 'ok', attempt: 2, outputTokens: 20, firstTextMs: expect.any(Number) },
    ]);
  });
});

describe('the status', () => {
  it('says which models do not exist, before anybody asked', async () => {
    server.setScript({ missingModels: [primary] });
    const missing: string[] = [];
    const model = createModel({ onMissingModel: (name) => missing.push(name) });
    model.start();
    await vi.waitFor(() =>
      expect(model.status()).toMatchObject({ state: 'degraded', missingModels: [primary] }),
    );
    expect(missing).toEqual([primary]);
    expect(generations()).toEqual([]);
  });

  it('knows a model that only keeps its description to itself from one that is gone', async () => {
    server.setScript({ undescribedModels: [primary, fallback], missingModels: [fallback] });
    const breakers: string[] = [];
    const model = createModel({ onBreakerChange: (name) => breakers.push(name) });
    model.start();
    await vi.waitFor(() => expect(model.status()).toMatchObject({ state: 'up', missingModels: [fallback] }));
    expect(generations().map(({ method }) => method)).not.toContain('streamGenerateContent');
  });

  it('says that the model that embeds is gone, whether at the start or later', {
    timeout: 20_000,
  }, async () => {
    const embeddingModel = 'gemini-embedding-001';
    server.setScript({ undescribedModels: [embeddingModel] });
    const model = createModel({ embeddingModel });
    model.start();
    await vi.waitFor(() => expect(server.calls().map(({ method }) => method)).toContain('embedContent'));
    expect(model.status()).toMatchObject({ state: 'up', missingModels: [] });
    server.setScript({ missingModels: [embeddingModel] });
    model.suspect(embeddingModel);
    const gone = { state: 'degraded', missingModels: [embeddingModel] };
    await vi.waitFor(() => expect(model.status()).toMatchObject(gone), { timeout: 5_000 });
    server.setScript({});
    const back = { state: 'up', missingModels: [] };
    await vi.waitFor(() => expect(model.status()).toMatchObject(back), { timeout: 5_000 });
  });

  it('ends an open breaker that nobody calls', { timeout: 20_000 }, async () => {
    server.setScript({ faults: [{ kind: 'status', status: 503 }] });
    const open = new Set<string>();
    const model = createModel({
      onBreakerChange: (name, isOpen) => (isOpen ? open.add(name) : open.delete(name)),
    });
    model.start();
    await askTimes(model, 8);
    expect([...open].sort()).toEqual([primary, fallback]);
    server.setScript({});
    server.clearCalls();
    await vi.waitFor(() => expect(open.size).toBe(0), { timeout: 10_000, interval: 50 });
    expect(generations()).toEqual([]);
  });

  it('goes down with the models, says so once, and is up again without traffic or paid calls', {
    timeout: 20_000,
  }, async () => {
    server.setScript({ faults: [{ kind: 'status', status: 503 }] });
    const changes: string[] = [];
    const model = createModel({ onStateChange: ({ from, to }) => changes.push(`${from} -> ${to}`) });
    model.start();
    await askTimes(model, 8);
    await vi.waitFor(() => expect(model.status().state).toBe('down'));
    expect(model.status()).toMatchObject({ notUpSince: expect.any(Date), lastError: expect.any(String) });
    server.setScript({});
    server.clearCalls();
    const recoveredAt = performance.now();
    await vi.waitFor(() => expect(model.status().state).toBe('up'), { timeout: 10_000, interval: 100 });
    expect(performance.now() - recoveredAt).toBeLessThan(10_000);
    expect(generations()).toEqual([]);
    expect(changes.at(-1)).toMatch(/-> up$/);
    expect(changes.length).toBeLessThanOrEqual(3);
  });

  it('counts exhausted and refused keys', async () => {
    server.setScript({
      refusedKeys: ['key-a'],
      faults: [{ kind: 'status', status: 429, retryDelaySeconds: 30, key: 'key-b' }],
    });
    const model = createModel({}, ['key-a', 'key-b', 'key-c']);
    await askTimes(model, 3);
    expect(model.status()).toMatchObject({ state: 'up', exhaustedKeys: 1, refusedKeys: 1 });
  });

  it('forgets that a key was refused once a probe finds it accepted', { timeout: 20_000 }, async () => {
    server.setScript({ refusedKeys: ['key-a'] });
    const model = createModel();
    await ask(model);
    expect(model.status()).toMatchObject({ state: 'down', refusedKeys: 1 });
    server.setScript({});
    model.start();
    await vi.waitFor(() => expect(model.status()).toMatchObject({ state: 'up', refusedKeys: 0 }), {
      timeout: 5_000,
    });
  });
});
