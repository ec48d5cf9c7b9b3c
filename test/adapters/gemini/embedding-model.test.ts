import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createGeminiEmbeddingModel,
  type GeminiEmbeddingOptions,
} from '../../../src/adapters/gemini/embedding-model.ts';
import { mapGeminiError } from '../../../src/adapters/gemini/map-gemini-error.ts';
import { createRefusedFields } from '../../../src/adapters/gemini/refused-fields.ts';
import { createKeyRing } from '../../../src/adapters/model-http/key-ring.ts';
import { createMemoryModelGate } from '../../fakes/memory-model-gate.ts';
import { type GeminiServer, startGeminiServer } from '../../gemini-server/gemini-server.ts';
import type { Fault } from '../../gemini-server/script.ts';
import { createBadKeyStatus } from '../../gemini-server/wire.ts';

let server: GeminiServer;
beforeAll(async () => {
  server = await startGeminiServer();
});
beforeEach(() => {
  server.setScript({});
  server.clearCalls();
});
afterAll(() => server.close());

function createModel(options: Partial<GeminiEmbeddingOptions> = {}) {
  const keys = createKeyRing({
    apiKeys: () => ['key-a'],
    gate: createMemoryModelGate(),
    mapError: mapGeminiError,
  });
  return createGeminiEmbeddingModel({
    model: 'gemini-embedding-001',
    keys,
    baseUrl: server.url,
    refusedFields: createRefusedFields(),
    queryTimeoutMs: 1000,
    ...options,
  });
}

interface BatchBody {
  requests: { taskType: string; content: { parts: unknown[] } }[];
}
const requestsOf = (index: number) => (server.calls()[index] as { body: BatchBody }).body.requests;
const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

describe('embeddings', () => {
  it.each(['gemini-embedding-001', 'gemini-embedding-2'] as const)(
    'of %s are unit vectors of the stated length, in order, near for similar texts',
    async (name) => {
      const model = createModel({ model: name });
      const [opening, hours, canteen] = await model.embedQueries([
        'When does the library open?',
        'library opening hours',
        'What is for lunch in the canteen?',
      ]);
      if (!opening || !hours || !canteen) throw new Error('an embedding is missing');
      expect(opening).toHaveLength(model.dimension);
      expect(dot(opening, opening)).toBeCloseTo(1, 10);
      expect(dot(opening, hours)).toBeGreaterThan(dot(opening, canteen) + 0.2);
    },
  );

  it('tell questions from documents, each text a content of its own', async () => {
    const model = createModel();
    await model.embedQueries(['a', 'b']);
    await model.embedDocuments(['c']);
    expect(requestsOf(0)).toMatchObject([
      { taskType: 'RETRIEVAL_QUERY', outputDimensionality: 768, content: { parts: [{ text: 'a' }] } },
      { taskType: 'RETRIEVAL_QUERY', content: { parts: [{ text: 'b' }] } },
    ]);
    expect(requestsOf(1)).toMatchObject([{ taskType: 'RETRIEVAL_DOCUMENT' }]);
  });

  it('of gemini-embedding-2 say by a prefix what a text is', async () => {
    const model = createModel({ model: 'gemini-embedding-2' });
    await model.embedQueries(['a']);
    await model.embedDocuments(['c']);
    const part = (text: string) => ({ outputDimensionality: 768, content: { parts: [{ text }] } });
    expect(requestsOf(0)).toMatchObject([part('task: search result | query: a')]);
    expect(requestsOf(1)).toMatchObject([part('title: none | text: c')]);
    expect(requestsOf(0)[0]).not.toHaveProperty('taskType');
  });

  it('are shortened here once a model refuses to', async () => {
    server.setScript({ refusedEmbeddingFields: ['outputDimensionality'] });
    const refused: string[] = [];
    const refusedFields = createRefusedFields({ onRefused: (...what) => refused.push(what.join(' ')) });
    const model = createModel({ refusedFields });
    const [vector = []] = await model.embedQueries(['a']);
    expect(vector).toHaveLength(768);
    expect(dot(vector, vector)).toBeCloseTo(1, 10);
    await model.embedQueries(['b']);
    expect(server.calls()).toHaveLength(3);
    expect(refused).toEqual(['gemini-embedding-001 outputDimensionality']);
  });

  it('come by another key when one is refused by an error in an array', async () => {
    const body = JSON.stringify([createBadKeyStatus(400)]);
    const apiKeys = () => ['k1', 'k2'];
    const keys = createKeyRing({ apiKeys, gate: createMemoryModelGate(), mapError: mapGeminiError });
    const model = createModel({ keys });
    server.setScript({
      faults: [{ kind: 'raw', status: 400, body, key: 'k1', methods: ['batchEmbedContents', 'get'] }],
    });
    for (const text of ['a', 'b', 'c']) expect(await model.embedQueries([text])).toHaveLength(1);
    expect(keys.count('gemini-embedding-001')).toMatchObject({ refused: 1 });
    expect(keys.advice()).toBe('make an authorised key (AQ.)');
  });

  it('go out in batches of 100 at most', async () => {
    const texts = Array.from({ length: 230 }, (_value, index) => `text ${index}`);
    expect(await createModel().embedDocuments(texts)).toHaveLength(230);
    expect(server.calls().map((_call, index) => requestsOf(index).length)).toEqual([100, 100, 30]);
  });

  it('cost no call for no text', async () => {
    expect(await createModel().embedQueries([])).toEqual([]);
    expect(server.calls()).toEqual([]);
  });
});

describe('a failed embedding', () => {
  it.each<[string, Fault, number, object]>([
    ['503', { kind: 'status', status: 503 }, 4, { reason: 'unavailable' }],
    ['a cut reply', { kind: 'cut' }, 4, { reason: 'unavailable' }],
    ['garbage', { kind: 'garbage' }, 4, { reason: 'unavailable' }],
    ['a stall', { kind: 'stall_before_headers' }, 1, { reason: 'timeout' }],
    ['429', { kind: 'status', status: 429, retryDelaySeconds: 9 }, 1, { reason: 'throttled' }],
    ['404', { kind: 'status', status: 404 }, 1, { reason: 'not_found' }],
  ])('%s is said as what it is', async (_what, fault, calls, error) => {
    server.setScript({ faults: [fault] });
    await expect(createModel().embedQueries(['a'])).rejects.toMatchObject({
      name: 'DependencyError',
      dependency: 'gemini',
      ...error,
    });
    expect(server.calls()).toHaveLength(calls);
  });

  it('of the passing kind is made good by one retry', async () => {
    server.setScript({ faults: [{ kind: 'status', status: 503, times: 1 }] });
    expect(await createModel().embedQueries(['a'])).toHaveLength(1);
  });

  it('by silence costs its time limit twice, then nothing', async () => {
    server.setScript({ faults: [{ kind: 'stall_before_headers' }] });
    const model = createModel({ halfOpenAfterMs: 60_000 });
    for (let asked = 0; asked < 4; asked += 1) await model.embedQueries(['a']).catch(() => {});
    expect(server.calls()).toHaveLength(2);
  });

  it('because the asker went away gives the reason', async () => {
    server.setScript({ latencyMs: 5_000 });
    const controller = new AbortController();
    const embedding = createModel({ queryTimeoutMs: 5_000 }).embedQueries(['a'], controller.signal);
    setImmediate(() => controller.abort(new Error('gone')));
    await expect(embedding).rejects.toThrow('gone');
  });
});
