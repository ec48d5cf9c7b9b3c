import type { Content, GenerateContentRequest, GenerationConfig } from '@google/generative-ai';
import { DependencyError } from '../../domain/errors.ts';
import {
  type LanguageModel,
  type ModelEvent,
  noUsage,
  type Prompt,
  UnfinishedReplyError,
} from '../../domain/models/language-model.ts';
import { createLinkedController } from '../../domain/models/linked-controller.ts';
import { type EventStream, openEventStream, type SignOfLife } from '../model-http/event-stream.ts';
import { createIdleWatch } from '../model-http/idle-watch.ts';
import type { ModelHttp } from '../model-http/model-http.ts';
import { createTextCarry } from '../model-http/text-carry.ts';
import { type Chunk, parseChunk } from './map-chunk.ts';
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

interface OpenReply {
  stream: EventStream<Chunk>;
  note: (failure: DependencyError) => void;
}

/** One model, one call per answer. No retry but without a setting that it refuses: the rest is the wrappers' part. */
export function createGeminiLanguageModel(options: GeminiLanguageModelOptions): LanguageModel {
  const { api, model, idleTimeoutMs } = options;
  const noteVersion = createVersionNote(options);
  const isThinking = traitsOf(model).thinkingLevel !== 'MINIMAL';

  async function* generate(prompt: Prompt, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    const controller = createLinkedController(signal);
    const idle = createIdleWatch(idleTimeoutMs, () =>
      controller.abort(
        new DependencyError('gemini', 'timeout', `The model was silent for ${idleTimeoutMs} ms`),
      ),
    );
    let reply: OpenReply | undefined;
    try {
      reply = await open(prompt, controller.signal, (sign) => {
        if (sign === 'end') idle.stop();
        else idle.refresh(sign === 'headers' && isThinking ? thinkingPatience : 1);
      });
      yield* readEvents(reply.stream, model, noteVersion);
    } catch (error) {
      if (controller.signal.aborted) throw controller.signal.reason;
      const failure = mapGeminiError(error);
      reply?.note(failure);
      throw failure;
    } finally {
      idle.stop();
      controller.unlink();
      reply?.stream.close();
    }
  }

  function open(prompt: Prompt, signal: AbortSignal, onSignOfLife: (sign: SignOfLife) => void) {
    return api.refusedFields.heal(model, () => {
      const body = JSON.stringify(createRequest(options, prompt));
      return api.authorise(model, signal, async ({ headers, note }): Promise<OpenReply> => {
        const url = api.urlOf(model, 'streamGenerateContent?alt=sse');
        const { http } = api;
        onSignOfLife('bytes');
        const stream = await openEventStream({
          http,
          url,
          headers,
          body,
          signal,
          parse: parseChunk,
          onSignOfLife,
        });
        return { stream, note };
      });
    });
  }

  return { generate: (prompt, { signal }) => generate(prompt, signal) };
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

/** The reply ends when its stream does; the last finish reason counts, wherever others came. */
async function* readEvents(
  stream: EventStream<Chunk>,
  model: string,
  noteVersion: (modelVersion: string) => void,
): AsyncGenerator<ModelEvent> {
  const carry = createTextCarry();
  let usage = noUsage;
  let hasText = false;
  let finishReason: string | undefined;
  for (;;) {
    const chunks = await stream.next();
    let arrived = '';
    for (const chunk of chunks ?? []) {
      finishReason = chunk.finishReason ?? finishReason;
      usage = chunk.usage ?? usage;
      if (chunk.modelVersion) noteVersion(chunk.modelVersion);
      arrived += chunk.text;
    }
    const text = chunks ? carry.add(arrived) : carry.end();
    hasText ||= text.trim() !== '';
    if (text) yield { type: 'text', text };
    if (!chunks) break;
  }
  const failure = mapFinishReason(finishReason, hasText);
  if (failure) throw new UnfinishedReplyError(failure, usage);
  yield { type: 'finish', model, usage };
}

function createVersionNote({ model, onModelVersion }: GeminiLanguageModelOptions) {
  const noted = new Set([model]);
  return (modelVersion: string) => {
    if (noted.has(modelVersion)) return;
    noted.add(modelVersion);
    onModelVersion?.(modelVersion);
  };
}
