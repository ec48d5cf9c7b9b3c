import { setTimeout as sleep } from 'node:timers/promises';
import { DependencyError, isDependencyError } from '../errors.ts';
import { failuresToOpen } from './breaker-model.ts';
import { createCircuitBreaker } from './circuit-breaker.ts';
import type { EmbeddingModel } from './embedding-model.ts';
import { createLinkedController } from './linked-controller.ts';

/** What a text is, which some models want to know. */
export type EmbeddingPurpose = 'query' | 'document';

export interface EmbeddingCall {
  name: string;
  /** Length of the vectors that are wanted; longer ones are shortened to it. */
  dimension: number;
  /** Most texts of one call. */
  batchSize: number;
  /**
   * One call. One vector per text, in order, of any norm and at least `dimension` long.
   * @throws DependencyError, or the signal's reason.
   */
  send(
    texts: readonly string[],
    purpose: EmbeddingPurpose,
    signal: AbortSignal,
  ): Promise<readonly number[][]>;
}

export interface ResilienceOptions {
  /** For one call with its retry, while a person waits. */
  queryTimeoutMs?: number | undefined;
  /** For one batch of documents with its retry. */
  documentTimeoutMs?: number | undefined;
  halfOpenAfterMs?: number | undefined;
}

const maxRetryDelayMs = 200;
const maxTries = 4;

/** The model of a provider with batches, time limits, retries and a breaker around its calls. */
export function createResilientEmbeddingModel(
  call: EmbeddingCall,
  { queryTimeoutMs = 2_000, documentTimeoutMs = 20_000, halfOpenAfterMs = 3_000 }: ResilienceOptions = {},
): EmbeddingModel {
  const { name, dimension, batchSize } = call;
  const breaker = createCircuitBreaker({ failuresToOpen, halfOpenAfterMs });

  async function send(texts: readonly string[], purpose: EmbeddingPurpose, signal: AbortSignal) {
    const vectors = await call.send(texts, purpose, signal);
    if (vectors.length !== texts.length || vectors.some((vector) => vector.length < dimension)) {
      throw new DependencyError('gemini', 'unavailable', 'The reply does not hold one embedding per text', {
        retryable: true,
      });
    }
    return vectors.map((vector) => normalise(vector.slice(0, dimension)));
  }

  /** An embedding costs next to nothing, and without one a question is searched by its words alone. */
  async function sendUntilDone(texts: readonly string[], purpose: EmbeddingPurpose, signal: AbortSignal) {
    for (let tries = 1; ; tries += 1) {
      try {
        return await send(texts, purpose, signal);
      } catch (error) {
        if (tries === maxTries || signal.aborted || !isDependencyError(error) || !error.retryable)
          throw error;
      }
      await sleep(Math.random() * maxRetryDelayMs, undefined, { signal });
    }
  }

  async function embedBatch(
    texts: readonly string[],
    purpose: EmbeddingPurpose,
    timeoutMs: number,
    parent: AbortSignal,
  ) {
    const pass = breaker.enter();
    if (!pass) throw new DependencyError('gemini', 'unavailable', 'Embeddings are resting after failures');
    const controller = createLinkedController(parent);
    const expire = () =>
      controller.abort(new DependencyError('gemini', 'timeout', `No embeddings within ${timeoutMs} ms`));
    const timer = setTimeout(expire, timeoutMs);
    try {
      const embeddings = await sendUntilDone(texts, purpose, controller.signal);
      pass.succeed();
      return embeddings;
    } catch (error) {
      if (parent.aborted) {
        pass.cancel();
        throw parent.reason;
      }
      const failure = controller.signal.aborted ? controller.signal.reason : error;
      const reason = isDependencyError(failure) ? failure.reason : undefined;
      if (reason === 'unavailable') pass.fail();
      else if (reason === 'timeout') pass.fail(failuresToOpen / 2);
      else pass.cancel();
      throw failure;
    } finally {
      clearTimeout(timer);
      controller.unlink();
    }
  }

  async function embed(
    texts: readonly string[],
    purpose: EmbeddingPurpose,
    timeoutMs: number,
    signal = new AbortController().signal,
  ) {
    const embeddings: number[][] = [];
    for (let start = 0; start < texts.length; start += batchSize) {
      const batch = texts.slice(start, start + batchSize);
      embeddings.push(...(await embedBatch(batch, purpose, timeoutMs, signal)));
    }
    return embeddings;
  }

  return {
    name,
    dimension,
    embedQueries: (texts, signal) => embed(texts, 'query', queryTimeoutMs, signal),
    embedDocuments: (texts, signal) => embed(texts, 'document', documentTimeoutMs, signal),
  };
}

/** Shortened vectors do not come normalised. */
function normalise(vector: readonly number[]): number[] {
  const norm = Math.hypot(...vector);
  return norm === 0 ? [...vector] : vector.map((value) => value / norm);
}
