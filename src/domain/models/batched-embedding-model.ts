import DataLoader from 'dataloader';
import type { EmbeddingModel } from './embedding-model.ts';

/** Most questions in one call; gemini-embedding-001 takes no more, the local encoder does not care. */
const maxBatchSize = 100;

/**
 * Embeds questions of many askers in few calls: an idle model gets a question at once, and what comes while a call is
 * in flight goes out together as the next one. A signal ends only its own caller's waiting; the call serves others.
 */
export function createBatchedEmbeddingModel(model: EmbeddingModel): EmbeddingModel {
  const waiting: (() => void)[] = [];
  let inFlight = false;

  const loader = new DataLoader<string, number[]>(
    async (texts) => {
      try {
        return await model.embedQueries(texts);
      } finally {
        const next = waiting.shift();
        inFlight = next !== undefined;
        next?.();
      }
    },
    { cache: false, maxBatchSize, batchScheduleFn: schedule },
  );

  function schedule(dispatch: () => void) {
    if (inFlight) {
      waiting.push(dispatch);
      return;
    }
    inFlight = true;
    // DataLoader adds the text that opens a batch after this call.
    queueMicrotask(dispatch);
  }

  return {
    name: model.name,
    dimension: model.dimension,
    async embedQueries(texts, signal) {
      signal?.throwIfAborted();
      const embeddings = Promise.all(texts.map((text) => loader.load(text)));
      return signal ? await untilAborted(embeddings, signal) : await embeddings;
    },
    embedDocuments: (texts, signal) => model.embedDocuments(texts, signal),
  };
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
