import type { Content, GenerateContentRequest, GenerationConfig } from '@google/generative-ai';
import type { DependencyError } from '../../domain/errors.ts';
import type { LanguageModel, Prompt } from '../../domain/models/language-model.ts';
import { openEventStream } from '../model-http/event-stream.ts';
import type { ModelHttp } from '../model-http/model-http.ts';
import { createStreamedModel } from '../model-http/streamed-model.ts';
import { parseChunk } from './map-chunk.ts';
import { mapFinishReason } from './map-finish-reason.ts';
import { mapGeminiError } from './map-gemini-error.ts';
import { traitsOf, unboundThoughtTokens } from './model-traits.ts';
import type { RefusedFields } from './refused-fields.ts';

/** A way to one API that speaks generateContent: AI Studio, or Vertex. */
export interface GenerateContentApi {
  http: ModelHttp;
  /** @param method `streamGenerateContent` with its query, for example. */
  urlOf: (model: string, method: string) => string;
  /** Runs `call` with what proves who asks. Errors come out as DependencyError, but an abort as its reason. */
  authorise: <T>(model: string, signal: AbortSignal, call: (access: ApiAccess) => Promise<T>) => Promise<T>;
  /** Projects of AI Studio keep requests unless each says `store: false`. */
  sendsStore: boolean;
  refusedFields: RefusedFields;
}

export interface ApiAccess {
  headers: Readonly<Record<string, string>>;
  /** Takes note of a failure that came after the call had begun to answer. */
  note: (failure: DependencyError) => void;
}

export interface GeminiLanguageModelOptions {
  api: GenerateContentApi;
  model: string;
  /** Room for the answer; what the model thinks is added to it. */
  maxOutputTokens: number;
  temperature: number;
  /** Longest silence of the model, before the first byte or between two. */
  idleTimeoutMs: number;
  /** Told once of each version that answers under another name than `model`. */
  onModelVersion?: ((modelVersion: string) => void) | undefined;
}

/** Largest `maxOutputTokens` of the Gemini Flash models (ai.google.dev/gemini-api/docs/models). */
const largestOutputTokens = 65_536;

/**
 * A model that thinks before it writes may be silent for longer once it has sent its headers; most are not, for
 * summaries of their thoughts are asked for and read as a sign of life.
 */
const thinkingPatience = 2;

type Request = GenerateContentRequest & {
  store?: false;
  generationConfig: GenerationConfig & {
    thinkingConfig?: { thinkingLevel: string; includeThoughts?: true };
  };
};

/** One model. Nothing is retried but without a setting that it refuses: the rest is the wrappers' part. */
export function createGeminiLanguageModel(options: GeminiLanguageModelOptions): LanguageModel {
  const { api, model } = options;
  return createStreamedModel({
    ...options,
    patienceAfterHeaders: traitsOf(model).thinkingLevel === 'MINIMAL' ? 1 : thinkingPatience,
    mapError: mapGeminiError,
    mapFinishReason,
    open: (prompt, signal, onSignOfLife) =>
      api.refusedFields.heal(model, () => {
        const body = JSON.stringify(createRequest(options, prompt));
        return api.authorise(model, signal, async ({ headers, note }) => {
          const url = api.urlOf(model, 'streamGenerateContent?alt=sse');
          onSignOfLife('bytes');
          const request = { http: api.http, url, headers, body, signal, parse: parseChunk, onSignOfLife };
          return { stream: await openEventStream(request), note };
        });
      }),
  });
}

function thinkingLevelOf(refusedFields: RefusedFields, model: string) {
  return refusedFields.has(model, 'thinkingConfig') ? undefined : traitsOf(model).thinkingLevel;
}

/** Tokens of an answer of so many and of the thoughts before it, which count as output, too. */
export function outputTokensOf(refusedFields: RefusedFields, model: string, maxOutputTokens: number): number {
  const isBound = thinkingLevelOf(refusedFields, model) !== undefined;
  const thoughtTokens = isBound ? traitsOf(model).thoughtTokens : unboundThoughtTokens;
  return Math.min(maxOutputTokens + thoughtTokens, largestOutputTokens);
}

function createRequest({ api, model, ...settings }: GeminiLanguageModelOptions, prompt: Prompt): Request {
  const { refusedFields, sendsStore } = api;
  const level = thinkingLevelOf(refusedFields, model);
  const takesTemperature = traitsOf(model).takesSampling && !refusedFields.has(model, 'temperature');
  return {
    ...(sendsStore && { store: false }),
    systemInstruction: { role: 'system', parts: [{ text: prompt.system }] },
    contents: prompt.messages.map(mapMessage),
    generationConfig: {
      maxOutputTokens: outputTokensOf(refusedFields, model, settings.maxOutputTokens),
      ...(takesTemperature && { temperature: settings.temperature }),
      ...(level !== undefined && {
        thinkingConfig: { thinkingLevel: level, ...(level !== 'MINIMAL' && { includeThoughts: true }) },
      }),
    },
  };
}

function mapMessage({ author, text }: Prompt['messages'][number]): Content {
  return { role: author === 'user' ? 'user' : 'model', parts: [{ text }] };
}
