import {
  type EmbedContentRequest,
  GoogleGenerativeAI,
  GoogleGenerativeAIFetchError,
} from '@google/generative-ai';
import { z } from 'zod';
import { DependencyError } from '../../domain/errors.ts';
import type { EmbeddingModel } from '../../domain/models/embedding-model.ts';
import {
  createResilientEmbeddingModel,
  type EmbeddingPurpose,
  type ResilienceOptions,
} from '../../domain/models/resilient-embedding-model.ts';
import type { KeyRing } from '../model-http/key-ring.ts';
import { KeyRefusedError } from '../model-http/map-status.ts';
import { embeddingDimension, embeddingFormats, type GeminiEmbeddingName } from './embedding-formats.ts';
import { keyAdvice } from './map-gemini-error.ts';
import { probeModel } from './probe-model.ts';
import type { RefusedFields } from './refused-fields.ts';

export interface GeminiEmbeddingOptions extends ResilienceOptions {
  model: GeminiEmbeddingName;
  keys: KeyRing;
  baseUrl: string;
  refusedFields: RefusedFields;
}

/** Most texts that one `batchEmbedContents` takes. */
const batchSize = 100;

const probeTimeoutMs = 1_000;

const replySchema = z.object({ embeddings: z.array(z.object({ values: z.array(z.number()) })) });

type SizedEmbedRequest = EmbedContentRequest & { outputDimensionality?: number };

/** Embeddings by Gemini, told apart by task: questions and the entries that answer them. */
export function createGeminiEmbeddingModel(options: GeminiEmbeddingOptions): EmbeddingModel {
  const { model, keys, baseUrl, refusedFields } = options;

  /** Each text is a content of its own: several parts of one content would become one vector. */
  function createRequest(text: string, purpose: EmbeddingPurpose): SizedEmbedRequest {
    const format = embeddingFormats[model](text, purpose);
    return {
      content: { role: 'user', parts: [{ text: format.text }] },
      ...(format.taskType !== undefined && { taskType: format.taskType }),
      // Without it the full vectors come, whose beginnings are the shorter ones.
      ...(!refusedFields.has(model, 'outputDimensionality') && { outputDimensionality: embeddingDimension }),
    };
  }

  /** The SDK cannot read an error that comes as an array of one; whether it was about the key, a probe can tell. */
  async function explainRefusal(error: unknown, apiKey: string): Promise<never> {
    const isUnread =
      error instanceof GoogleGenerativeAIFetchError && error.status === 400 && /\]\s*$/.test(error.message);
    if (isUnread && (await probeModel(model, apiKey, { baseUrl, timeoutMs: probeTimeoutMs })) === 'refused') {
      throw new KeyRefusedError('The API key is not valid', keyAdvice, error);
    }
    throw error;
  }

  async function send(texts: readonly string[], purpose: EmbeddingPurpose, signal: AbortSignal) {
    const reply = await refusedFields.heal(model, () => {
      const requests = texts.map((text) => createRequest(text, purpose));
      return keys.withKey(model, signal, (apiKey) =>
        new GoogleGenerativeAI(apiKey)
          .getGenerativeModel({ model }, { baseUrl })
          .batchEmbedContents({ requests }, { signal })
          .catch((error: unknown) => explainRefusal(error, apiKey)),
      );
    });
    const parsed = replySchema.safeParse(reply);
    if (parsed.success) return parsed.data.embeddings.map(({ values }) => values);
    throw new DependencyError('gemini', 'unavailable', 'The reply holds no embeddings', {
      retryable: true,
      cause: parsed.error,
    });
  }

  return createResilientEmbeddingModel(
    { name: model, dimension: embeddingDimension, batchSize, send },
    options,
  );
}
