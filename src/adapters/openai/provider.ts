import { z } from 'zod';
import { DependencyError } from '../../domain/errors.ts';
import type { EmbeddingModel } from '../../domain/models/embedding-model.ts';
import type { LanguageModel, Prompt } from '../../domain/models/language-model.ts';
import type { ModelGate } from '../../domain/models/model-gate.ts';
import type {
  LanguageModelSettings,
  ModelProvider,
  ProbeResult,
} from '../../domain/models/model-provider.ts';
import { createResilientEmbeddingModel } from '../../domain/models/resilient-embedding-model.ts';
import { openEventStream } from '../model-http/event-stream.ts';
import { createKeyRing, type KeyRing } from '../model-http/key-ring.ts';
import { createModelHttp, type ModelHttp } from '../model-http/model-http.ts';
import { postJson } from '../model-http/send-request.ts';
import { createStreamedModel } from '../model-http/streamed-model.ts';
import { parseChunk } from './map-chunk.ts';
import { mapFinishReason } from './map-finish-reason.ts';
import { mapOpenAiError } from './map-openai-error.ts';

export interface OpenAiProviderOptions {
  /** With the version, e.g. `http://127.0.0.1:8000/v1`. */
  baseUrl: string;
  /** Empty for a server that asks for none. */
  apiKeys: () => readonly string[];
  gate: ModelGate;
  /** Undefined when questions are embedded elsewhere. */
  embedding: { model: string; dimension: number } | undefined;
  now?: () => number;
}

/** What each call needs. */
interface OpenAiApi {
  http: ModelHttp;
  baseUrl: string;
  keys: KeyRing;
}

const probeTimeoutMs = 1_000;
const embeddingsPerCall = 64;
/** Models of one's own run on one machine: thinking, and loading on first use, take longer there. */
const patienceAfterHeaders = 2;

const headersOf = (apiKey: string): Record<string, string> =>
  apiKey === '' ? {} : { authorization: `Bearer ${apiKey}` };

/** Any server that speaks chat completions as OpenAI's does: vLLM, Ollama and others. */
export function createOpenAiProvider(options: OpenAiProviderOptions): ModelProvider {
  const { baseUrl, gate, now, embedding } = options;
  const http = createModelHttp();
  const apiKeys = () => (options.apiKeys().length > 0 ? options.apiKeys() : ['']);
  const keys = createKeyRing({ apiKeys, gate, mapError: mapOpenAiError, ...(now && { now }) });
  const api: OpenAiApi = { http, baseUrl, keys };
  const probe = (model: string, apiKey: string) => probeModel(baseUrl, model, apiKey);

  return {
    createLanguageModel: (model, settings) => createLanguageModel(api, model, settings),
    largestOutputTokens: (_model, maxOutputTokens) => maxOutputTokens,
    embeddingModels: embedding ? [createEmbeddingModel(api, embedding)] : [],
    probe: (model) => probe(model, keys.probeKeys()[0] ?? ''),
    credentials: {
      count: keys.count,
      async recheck(model) {
        for (const apiKey of keys.probeKeys()) {
          if ((await probe(model, apiKey)) === 'available') keys.accept(apiKey);
        }
      },
      advice: keys.advice,
    },
    isBarred: () => false,
    notes: () => [],
    close: http.close,
  };
}

function createLanguageModel(api: OpenAiApi, model: string, settings: LanguageModelSettings): LanguageModel {
  const { http, baseUrl, keys } = api;
  return createStreamedModel({
    ...settings,
    model,
    patienceAfterHeaders,
    mapError: mapOpenAiError,
    mapFinishReason,
    open: (prompt, signal, onSignOfLife) =>
      keys.withKey(model, signal, async (apiKey) => {
        onSignOfLife('bytes');
        const stream = await openEventStream({
          http,
          url: `${baseUrl}/chat/completions`,
          headers: headersOf(apiKey),
          body: JSON.stringify(createRequest(model, settings, prompt)),
          signal,
          parse: parseChunk,
          onSignOfLife,
        });
        return { stream, note: (failure) => keys.note(model, apiKey, failure) };
      }),
  });
}

function createRequest(
  model: string,
  { maxOutputTokens, temperature }: LanguageModelSettings,
  prompt: Prompt,
) {
  return {
    model,
    messages: [
      { role: 'system', content: prompt.system },
      ...prompt.messages.map(({ author, text }) => ({ role: author, content: text })),
    ],
    max_tokens: maxOutputTokens,
    temperature,
    stream: true,
    stream_options: { include_usage: true },
  };
}

const embeddingReplySchema = z.object({
  data: z.array(z.object({ index: z.int(), embedding: z.array(z.number()) })),
});

function createEmbeddingModel(
  { http, baseUrl, keys }: OpenAiApi,
  { model, dimension }: { model: string; dimension: number },
): EmbeddingModel {
  return createResilientEmbeddingModel({
    name: model,
    dimension,
    batchSize: embeddingsPerCall,
    async send(texts, _purpose, signal) {
      const reply = await keys.withKey(model, signal, (apiKey) =>
        postJson(http, {
          url: `${baseUrl}/embeddings`,
          headers: headersOf(apiKey),
          body: JSON.stringify({ model, input: texts, encoding_format: 'float' }),
          signal,
        }),
      );
      const parsed = embeddingReplySchema.safeParse(reply);
      const vectors = (parsed.data?.data ?? [])
        .toSorted((one, other) => one.index - other.index)
        .map(({ embedding }) => embedding);
      const found = vectors.find((vector) => vector.length !== dimension)?.length;
      if (found !== undefined) {
        const message = `OPENAI_EMBEDDING_DIMENSION is ${dimension}, but ${model} gives ${found}`;
        throw new DependencyError('gemini', 'rejected', message);
      }
      return vectors;
    },
  });
}

const modelListSchema = z.object({ data: z.array(z.object({ id: z.string() })) });

/** Looks at the list of models, which costs nothing. A server without such a list is there all the same. */
async function probeModel(baseUrl: string, model: string, apiKey: string): Promise<ProbeResult> {
  try {
    const response = await fetch(`${baseUrl}/models`, {
      headers: headersOf(apiKey),
      signal: AbortSignal.timeout(probeTimeoutMs),
    });
    const body: unknown = await response.json().catch(() => undefined);
    if (response.status === 401 || response.status === 403) return 'refused';
    if (response.status >= 500) return 'unclear';
    const models = modelListSchema.safeParse(body);
    // Ollama lists `name:latest` and answers to `name`.
    const isListed = models.data?.data.some(({ id }) => id === model || id === `${model}:latest`);
    return isListed === false ? 'missing' : 'available';
  } catch {
    return 'unreachable';
  }
}
