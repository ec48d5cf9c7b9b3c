import { describe, expect, it } from 'vitest';
import { createBatchedEmbeddingModel } from '../../../src/domain/models/batched-embedding-model.ts';
import type { EmbeddingModel } from '../../../src/domain/models/embedding-model.ts';

/** Each call waits until the test settles it. */
function createManualModel() {
  const calls: { texts: readonly string[]; succeed(): void; fail(error: Error): void }[] = [];
  const model: EmbeddingModel = {
    name: 'manual',
    dimension: 1,
    embedQueries: (texts) =>
      new Promise((resolve, reject) => {
        calls.push({ texts, succeed: () => resolve(texts.map((text) => [text.length])), fail: reject });
      }),
    embedDocuments: async (texts) => texts.map(() => [0]),
  };
  const sent = () => calls.map(({ texts }) => texts);
  return { calls, sent, batched: createBatchedEmbeddingModel(model) };
}

const tick = () => new Promise(setImmediate);

describe('batched embeddings', () => {
  it('send at once when idle, and what queues meanwhile together as the next call', async () => {
    const { batched, calls, sent } = createManualModel();
    const first = batched.embedQueries(['a']);
    await tick();
    expect(sent()).toEqual([['a']]);
    const others = ['bb', 'ccc', 'dddd'].map((text) => batched.embedQueries([text]));
    await tick();
    expect(sent()).toEqual([['a']]);
    calls[0]?.succeed();
    expect(await first).toEqual([[1]]);
    await tick();
    expect(sent()).toEqual([['a'], ['bb', 'ccc', 'dddd']]);
    calls[1]?.succeed();
    expect(await Promise.all(others)).toEqual([[[2]], [[3]], [[4]]]);
  });

  it('never send more than 100 texts in a call', async () => {
    const { batched, calls, sent } = createManualModel();
    const first = batched.embedQueries(['a']);
    await tick();
    const many = Promise.all(Array.from({ length: 150 }, () => batched.embedQueries(['b'])));
    calls[0]?.succeed();
    await first;
    await tick();
    calls[1]?.succeed();
    await tick();
    calls[2]?.succeed();
    await many;
    expect(sent().map(({ length }) => length)).toEqual([1, 100, 50]);
  });

  it('fail only those who share the failed call', async () => {
    const { batched, calls } = createManualModel();
    const first = batched.embedQueries(['a']);
    await tick();
    const second = batched.embedQueries(['b']);
    calls[0]?.fail(new Error('down'));
    await expect(first).rejects.toThrow('down');
    await tick();
    calls[1]?.succeed();
    expect(await second).toEqual([[1]]);
  });

  it('end only the waiting of the asker who goes away', async () => {
    const { batched, calls } = createManualModel();
    const controller = new AbortController();
    const leaving = batched.embedQueries(['a'], controller.signal);
    const staying = batched.embedQueries(['bb']);
    await tick();
    controller.abort(new Error('gone'));
    await expect(leaving).rejects.toThrow('gone');
    calls[0]?.succeed();
    expect(await staying).toEqual([[2]]);
  });
});
