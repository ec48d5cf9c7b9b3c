import { setTimeout as sleep } from 'node:timers/promises';
import { type EmbedContentRequest, GoogleGenerativeAI, TaskType } from '@google/generative-ai';
import { z } from 'zod';
import { DependencyError } from '../../domain/errors.ts';
import { failuresToOpen } from '../../domain/models/breaker-model.ts';
import { createCircuitBreaker } from '../../domain/models/circuit-breaker.ts';
import type { EmbeddingModel } from '../../domain/models/embedding-model.ts';
import { createLinkedController } from '../../domain/models/linked-controller.ts';
import type { KeyRing } from './key-ring.ts';
import { mapGeminiError } from './map-gemini-error.ts';

export interface GeminiEmbeddingOptions {
  keys: KeyRing;
  baseUrl: string;
  /** For one call with its retry, while a person waits. */
  queryTimeoutMs?: number;
  /** For one batch of documents with its retry. */
  documentTimeoutMs?: number;
  halfOpenAfterMs?: number;
}

const model = 'gemini-embedding-001';

/**
 * One of the sizes Google recommends (ai.google.dev/gemini-api/docs/embeddings, 768, 1536 or 3072): on MTEB 0.2 points
 * under the full size at a quarter of the memory. Below 3072 the vectors do not come normalised.
 */
const dimension = 768;

/** Most texts that one `batchEmbedContents` takes. */
const batchSize = 100;

const maxRetryDelayMs = 200;
const maxTries = 4;

const replySchema = z.object({
  embeddings: z.array(z.object({ values: z.array(z.number()).length(dimension) })),
});

type SizedEmbedRequest = EmbedContentRequest & { outputDimensionality: number };

/** Embeddings by Gemini, told apart by task: questions and the entries that answer them. */
export function createGeminiEmbeddingModel({
  keys,
  baseUrl,
  queryTimeoutMs = 2_000,
  documentTimeoutMs = 20_000,
  halfOpenAfterMs = 3_000,
}: GeminiEmbeddingOptions): EmbeddingModel {
  const breaker = createCircuitBreaker({ failuresToOpen, halfOpenAfterMs });

  async function send(texts: readonly string[], taskType: TaskType, signal: AbortSignal) {
    const requests = texts.map((text) => createRequest(text, taskType));
    const reply = await keys.withKey(model, signal, (apiKey) =>
      new GoogleGenerativeAI(apiKey)
        .getGenerativeModel({ model }, { baseUrl })
        .batchEmbedContents({ requests }, { signal }),
    );
    const parsed = replySchema.safeParse(reply);
    if (!parsed.success || parsed.data.embeddings.length !== texts.length) {
      throw new DependencyError('gemini', 'unavailable', 'The reply does not hold one embedding per text', {
        retryable: true,
        cause: parsed.error,
      });
    }
    return parsed.data.embeddings.map(({ values }) => normalise(values));
  }

  /** An embedding costs next to nothing, and without one a question is searched by its words alone. */
  async function sendUntilDone(texts: readonly string[], taskType: TaskType, signal: AbortSignal) {
    for (let tries = 1; ; tries += 1) {
      try {
        return await send(texts, taskType, signal);
      } catch (error) {
        if (tries === maxTries || signal.aborted || !mapGeminiError(error).retryable) throw error;
      }
      await sleep(Math.random() * maxRetryDelayMs, undefined, { signal });
    }
  }

  async function embedBatch(
    texts: readonly string[],
    taskType: TaskType,
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
      const embeddings = await sendUntilDone(texts, taskType, controller.signal);
      pass.succeed();
      return embeddings;
    } catch (error) {
      if (parent.aborted) {
        pass.cancel();
        throw parent.reason;
      }
      const failure = mapGeminiError(controller.signal.aborted ? controller.signal.reason : error);
      if (failure.reason === 'unavailable') pass.fail();
      else if (failure.reason === 'timeout') pass.fail(failuresToOpen / 2);
      else pass.cancel();
      throw failure;
    } finally {
      clearTimeout(timer);
      controller.unlink();
    }
  }

  async function embed(
    texts: readonly string[],
    taskType: TaskType,
    timeoutMs: number,
    signal = new AbortController().signal,
  ) {
    const embeddings: number[][] = [];
    for (let start = 0; start < texts.length; start += batchSize) {
      const batch = texts.slice(start, start + batchSize);
      embeddings.push(...(await embedBatch(batch, taskType, timeoutMs, signal)));
    }
    return embeddings;
  }

  return {
    name: model,
    dimension,
    embedQueries: (texts, signal) => embed(texts, TaskType.RETRIEVAL_QUERY, queryTimeoutMs, signal),
    embedDocuments: (texts, signal) => embed(texts, TaskType.RETRIEVAL_DOCUMENT, documentTimeoutMs, signal),
  };
}

/** Each text is a content of its own: several parts of one content would become one vector. */
function createRequest(text: string, taskType: TaskType): SizedEmbedRequest {
  return { content: { role: 'user', parts: [{ text }] }, taskType, outputDimensionality: dimension };
}

function normalise(vector: readonly number[]): number[] {
  const norm = Math.hypot(...vector);
  return norm === 0 ? [...vector] : vector.map((value) => value / norm);
}
