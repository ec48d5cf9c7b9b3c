import type { ModelGate } from '../../domain/models/model-gate.ts';
import type { ModelProvider, ProbeResult } from '../../domain/models/model-provider.ts';
import { embeddingFormats, type GeminiEmbeddingName } from '../gemini/embedding-formats.ts';
import {
  createGeminiLanguageModel,
  type GenerateContentApi,
  outputTokensOf,
} from '../gemini/language-model.ts';
import { mapGeminiError } from '../gemini/map-gemini-error.ts';
import { createRefusedFields } from '../gemini/refused-fields.ts';
import { createKeyRing } from '../model-http/key-ring.ts';
import { KeyRefusedError } from '../model-http/map-status.ts';
import { createModelHttp } from '../model-http/model-http.ts';
import { postJson } from '../model-http/send-request.ts';
import { createAccessTokens } from './access-token.ts';
import { createVertexEmbeddingModel } from './embedding-model.ts';

export interface VertexProviderOptions {
  /** Without the version, e.g. `https://aiplatform.eu.rep.googleapis.com`. */
  baseUrl: string;
  project: string;
  location: string;
  credentialsFile: string;
  gate: ModelGate;
  /** Told once of each setting that a model refuses. */
  onRefusedField?: ((model: string, field: string) => void) | undefined;
  wallClock?: () => number;
  now?: () => number;
}

const probeTimeoutMs = 1_500;

/** Gemini on Vertex AI, by a service account. What it is sent is not kept, so that `store` is not said there. */
export function createVertexProvider(options: VertexProviderOptions): ModelProvider {
  const { baseUrl, project, location, gate, now } = options;
  const http = createModelHttp();
  const tokens = createAccessTokens({ ...options, http });
  const refusedFields = createRefusedFields({ onRefused: options.onRefusedField, ...(now && { now }) });
  const account = `vertex:${project}`;
  const accounts = createKeyRing({
    apiKeys: () => [account],
    gate,
    mapError: mapGeminiError,
    ...(now && { now }),
  });
  const folder = `${baseUrl}/v1/projects/${encodeURIComponent(project)}/locations/${encodeURIComponent(location)}`;

  /** A token that was refused is asked for anew, once. */
  async function withToken<T>(signal: AbortSignal, call: (token: string) => Promise<T>): Promise<T> {
    const token = await tokens.get(signal);
    try {
      return await call(token);
    } catch (error) {
      if (signal.aborted || !(mapGeminiError(error) instanceof KeyRefusedError)) throw error;
      tokens.drop(token);
      return await call(await tokens.get(signal));
    }
  }

  const api: GenerateContentApi = {
    http,
    urlOf: (model, method) => `${folder}/publishers/google/models/${encodeURIComponent(model)}:${method}`,
    authorise: (model, signal, call) =>
      accounts.withKey(model, signal, () =>
        withToken(signal, (token) =>
          call({
            headers: { authorization: `Bearer ${token}` },
            note: (failure) => accounts.note(model, account, failure),
          }),
        ),
      ),
    sendsStore: false,
    refusedFields,
  };

  /** Tokens are counted at no cost, by the model itself. A model that embeds is asked to embed a word. */
  async function ask(model: string): Promise<ProbeResult> {
    const signal = AbortSignal.timeout(probeTimeoutMs);
    try {
      if (model in embeddingFormats) {
        await createVertexEmbeddingModel(api, model as GeminiEmbeddingName).embedQueries(['probe'], signal);
        return 'available';
      }
      const body = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'probe' }] }] });
      await withToken(signal, (token) => {
        const headers = { authorization: `Bearer ${token}` };
        return postJson(http, { url: api.urlOf(model, 'countTokens'), headers, body, signal });
      });
      return 'available';
    } catch (error) {
      const failure = mapGeminiError(error);
      if (failure.reason === 'not_found') return 'missing';
      if (failure instanceof KeyRefusedError) return 'refused';
      return failure.reason === 'unavailable' || failure.reason === 'timeout' ? 'unreachable' : 'unclear';
    }
  }

  const names = Object.keys(embeddingFormats) as GeminiEmbeddingName[];
  return {
    createLanguageModel: (model, settings) => createGeminiLanguageModel({ ...settings, api, model }),
    largestOutputTokens: (model, maxOutputTokens) => outputTokensOf(refusedFields, model, maxOutputTokens),
    embeddingModels: names.map((model) => createVertexEmbeddingModel(api, model)),
    probe: ask,
    credentials: {
      count: accounts.count,
      async recheck(model) {
        if ((await ask(model)) === 'available') accounts.accept(account);
      },
      advice: accounts.advice,
    },
    isBarred: refusedFields.refusesStore,
    notes: refusedFields.notes,
    close: http.close,
  };
}
