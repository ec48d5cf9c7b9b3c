import type { ModelGate } from '../../domain/models/model-gate.ts';
import type { ModelProvider } from '../../domain/models/model-provider.ts';
import { createKeyRing } from '../model-http/key-ring.ts';
import { createModelHttp } from '../model-http/model-http.ts';
import { embeddingFormats, type GeminiEmbeddingName } from './embedding-formats.ts';
import { createGeminiEmbeddingModel } from './embedding-model.ts';
import { createGeminiLanguageModel, type GenerateContentApi, outputTokensOf } from './language-model.ts';
import { mapGeminiError } from './map-gemini-error.ts';
import { probeModel } from './probe-model.ts';
import { createRefusedFields } from './refused-fields.ts';

export interface GeminiProviderOptions {
  apiKeys: () => readonly string[];
  /** Without the version, e.g. `https://generativelanguage.googleapis.com`. */
  baseUrl: string;
  gate: ModelGate;
  /** Told once of each setting that a model refuses. */
  onRefusedField?: ((model: string, field: string) => void) | undefined;
  now?: () => number;
}

const probeTimeoutMs = 1_000;

/** The Gemini API of Google AI Studio, by API keys. */
export function createGeminiProvider(options: GeminiProviderOptions): ModelProvider {
  const { apiKeys, baseUrl, gate, now } = options;
  const keys = createKeyRing({ apiKeys, gate, mapError: mapGeminiError, ...(now && { now }) });
  const refusedFields = createRefusedFields({ onRefused: options.onRefusedField, ...(now && { now }) });
  const http = createModelHttp();
  const api: GenerateContentApi = {
    http,
    urlOf: (model, method) => `${baseUrl}/v1beta/models/${encodeURIComponent(model)}:${method}`,
    authorise: (model, signal, call) =>
      keys.withKey(model, signal, (apiKey) =>
        call({
          headers: { 'x-goog-api-key': apiKey },
          note: (failure) => keys.note(model, apiKey, failure),
        }),
      ),
    sendsStore: true,
    refusedFields,
  };
  const probe = (model: string, apiKey: string) =>
    probeModel(model, apiKey, { baseUrl, timeoutMs: probeTimeoutMs });
  const names = Object.keys(embeddingFormats) as GeminiEmbeddingName[];

  return {
    createLanguageModel: (model, settings) => createGeminiLanguageModel({ ...settings, api, model }),
    largestOutputTokens: (model, maxOutputTokens) => outputTokensOf(refusedFields, model, maxOutputTokens),
    embeddingModels: names.map((model) =>
      createGeminiEmbeddingModel({ model, keys, baseUrl, refusedFields }),
    ),
    async probe(model) {
      const [apiKey] = keys.probeKeys();
      return apiKey === undefined ? 'unclear' : probe(model, apiKey);
    },
    credentials: {
      count: keys.count,
      async recheck(model) {
        for (const apiKey of keys.probeKeys()) {
          if ((await probe(model, apiKey)) === 'available') keys.accept(apiKey);
        }
      },
      advice: keys.advice,
    },
    isBarred: refusedFields.refusesStore,
    notes: refusedFields.notes,
    close: http.close,
  };
}
