import { z } from 'zod';
import { DependencyError } from '../../domain/errors.ts';
import type { EmbeddingModel } from '../../domain/models/embedding-model.ts';
import {
  createResilientEmbeddingModel,
  type EmbeddingPurpose,
} from '../../domain/models/resilient-embedding-model.ts';
import {
  embeddingDimension,
  embeddingFormats,
  type GeminiEmbeddingName,
} from '../gemini/embedding-formats.ts';
import type { GenerateContentApi } from '../gemini/language-model.ts';
import { mapGeminiError } from '../gemini/map-gemini-error.ts';
import { postJson } from '../model-http/send-request.ts';

/** One call takes one text (cloud.google.com/vertex-ai/generative-ai/docs/embeddings/get-text-embeddings). */
const callsAtOnce = 8;
const batchSize = 40;

const predictionSchema = z
  .object({
    predictions: z.array(z.object({ embeddings: z.object({ values: z.array(z.number()) }) })).length(1),
  })
  .transform(({ predictions }) => predictions[0]?.embeddings.values ?? []);
const embeddingSchema = z
  .object({ embedding: z.object({ values: z.array(z.number()) }) })
  .transform(({ embedding }) => embedding.values);

/** Each model has a method and a form of its own on Vertex. */
const calls = {
  'gemini-embedding-001': {
    method: 'predict',
    bodyOf: (text: string, taskType: string | undefined, size: object) => ({
      instances: [{ content: text, task_type: taskType }],
      parameters: { autoTruncate: true, ...size },
    }),
    reply: predictionSchema,
  },
  'gemini-embedding-2': {
    method: 'embedContent',
    bodyOf: (text: string, _taskType: string | undefined, size: object) => ({
      content: { role: 'user', parts: [{ text }] },
      ...size,
    }),
    reply: embeddingSchema,
  },
} satisfies Record<GeminiEmbeddingName, unknown>;

export function createVertexEmbeddingModel(
  api: GenerateContentApi,
  model: GeminiEmbeddingName,
): EmbeddingModel {
  const { method, bodyOf, reply } = calls[model];

  function embedOne(text: string, purpose: EmbeddingPurpose, signal: AbortSignal): Promise<number[]> {
    return api.refusedFields.heal(model, () => {
      const format = embeddingFormats[model](text, purpose);
      const isSized = !api.refusedFields.has(model, 'outputDimensionality');
      const size = isSized ? { outputDimensionality: embeddingDimension } : {};
      const body = JSON.stringify(bodyOf(format.text, format.taskType, size));
      return api.authorise(model, signal, async ({ headers }) => {
        const received = await postJson(api.http, { url: api.urlOf(model, method), headers, body, signal });
        const parsed = reply.safeParse(received);
        if (parsed.success) return parsed.data;
        throw new DependencyError('gemini', 'unavailable', 'The reply holds no embedding', {
          retryable: true,
          cause: parsed.error,
        });
      });
    });
  }

  async function send(texts: readonly string[], purpose: EmbeddingPurpose, signal: AbortSignal) {
    const vectors: number[][] = [];
    for (let start = 0; start < texts.length; start += callsAtOnce) {
      const part = texts.slice(start, start + callsAtOnce);
      vectors.push(...(await Promise.all(part.map((text) => embedOne(text, purpose, signal)))));
    }
    return vectors;
  }

  return createResilientEmbeddingModel({
    name: model,
    dimension: embeddingDimension,
    batchSize,
    send: (texts, purpose, signal) =>
      send(texts, purpose, signal).catch((error: unknown) => {
        throw signal.aborted ? signal.reason : mapGeminiError(error);
      }),
  });
}
