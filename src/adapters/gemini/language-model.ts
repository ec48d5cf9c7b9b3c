import { type Content, type GenerationConfig, GoogleGenerativeAI } from '@google/generative-ai';
import { DependencyError } from '../../domain/errors.ts';
import type { LanguageModel, ModelEvent, Prompt } from '../../domain/models/language-model.ts';
import { createLinkedController, type LinkedController } from '../../domain/models/linked-controller.ts';
import type { KeyRing } from './key-ring.ts';
import { mapChunk } from './map-chunk.ts';
import { mapFinishReason } from './map-finish-reason.ts';
import { mapGeminiError } from './map-gemini-error.ts';

export interface GeminiLanguageModelOptions {
  model: string;
  keys: KeyRing;
  baseUrl: string;
  maxOutputTokens: number;
  temperature: number;
  /** Tokens the model may think before it writes; unset leaves it to the model. */
  thinkingBudget?: number;
  /** Longest silence of the model, before the first chunk or between two. */
  idleTimeoutMs: number;
  /** Told once of each version that answers under another name than `model`. */
  onModelVersion?: (modelVersion: string) => void;
}

/** After the finish reason the rest of the stream is a few bytes; reading it to its end keeps the connection reusable. */
const lingerMs = 1_000;

interface OpenStream {
  apiKey: string;
  chunks: AsyncIterator<unknown>;
  /** Resolves when the reply has been read to its end, however it ended. */
  ended: Promise<void>;
}

/** One model of the Gemini API, one call per answer. No retry: that is the wrappers' part. */
export function createGeminiLanguageModel(options: GeminiLanguageModelOptions): LanguageModel {
  const { model, keys, idleTimeoutMs } = options;
  const noteVersion = createVersionNote(options);

  async function* generate(prompt: Prompt, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    const controller = createLinkedController(signal);
    const watch = <T>(step: Promise<T>) => withIdleTimeout(step, idleTimeoutMs, controller);
    let stream: OpenStream | undefined;
    let isComplete = false;
    try {
      stream = await keys.withKey(model, controller.signal, (key) =>
        watch(openStream(options, key, prompt, controller.signal)),
      );
      for await (const event of readEvents(stream.chunks, watch, model, noteVersion)) {
        isComplete = event.type === 'finish';
        yield event;
      }
    } catch (error) {
      if (controller.signal.aborted) throw controller.signal.reason;
      const failure = mapGeminiError(error);
      if (stream) keys.note(model, stream.apiKey, failure);
      throw failure;
    } finally {
      controller.unlink();
      release(controller, isComplete ? stream : undefined);
    }
  }
  return { generate: (prompt, { signal }) => generate(prompt, signal) };
}

async function openStream(
  options: GeminiLanguageModelOptions,
  apiKey: string,
  prompt: Prompt,
  signal: AbortSignal,
): Promise<OpenStream> {
  const { model, baseUrl, maxOutputTokens, temperature, thinkingBudget } = options;
  const generationConfig: GenerationConfig & { thinkingConfig?: { thinkingBudget: number } } = {
    maxOutputTokens,
    temperature,
    ...(thinkingBudget !== undefined && { thinkingConfig: { thinkingBudget } }),
  };
  // The SDK's `timeout` is a deadline for the whole stream and leaves its timer running; the signal does both jobs.
  const { stream, response } = await new GoogleGenerativeAI(apiKey)
    .getGenerativeModel({ model, generationConfig, systemInstruction: prompt.system }, { baseUrl })
    .generateContentStream({ contents: prompt.messages.map(mapMessage) }, { signal });
  // A cut stream rejects this promise as well as the iterator; unhandled, it would end the process.
  const ended = response.then(
    () => {},
    () => {},
  );
  return { apiKey, chunks: stream, ended };
}

function mapMessage({ author, text }: Prompt['messages'][number]): Content {
  return { role: author === 'user' ? 'user' : 'model', parts: [{ text }] };
}

async function* readEvents(
  chunks: AsyncIterator<unknown>,
  watch: <T>(step: Promise<T>) => Promise<T>,
  model: string,
  noteVersion: (modelVersion: string) => void,
): AsyncGenerator<ModelEvent> {
  let usage = { inputTokens: 0, outputTokens: 0 };
  let hasText = false;
  let finishReason: string | undefined;
  while (finishReason === undefined) {
    const next = await watch(chunks.next());
    if (next.done) break;
    const chunk = mapChunk(next.value);
    finishReason = chunk.finishReason;
    usage = chunk.usage ?? usage;
    if (chunk.modelVersion) noteVersion(chunk.modelVersion);
    if (chunk.text) yield { type: 'text', text: chunk.text };
    hasText ||= chunk.text.trim() !== '';
  }
  const failure = mapFinishReason(finishReason, hasText);
  if (failure) throw failure;
  yield { type: 'finish', model, usage };
}

async function withIdleTimeout<T>(step: Promise<T>, idleMs: number, controller: LinkedController) {
  const expire = () =>
    controller.abort(new DependencyError('gemini', 'timeout', `The model was silent for ${idleMs} ms`));
  const timer = setTimeout(expire, idleMs);
  try {
    return await step;
  } finally {
    clearTimeout(timer);
  }
}

/** Closes the connection, at once unless the reply is complete: the SDK itself leaves a garbled stream open. */
function release(controller: LinkedController, completeStream: OpenStream | undefined) {
  const close = () => controller.abort(new DOMException('The call is over', 'AbortError'));
  if (!completeStream) return close();
  const timer = setTimeout(close, lingerMs).unref();
  void completeStream.ended.then(() => clearTimeout(timer));
}

function createVersionNote({ model, onModelVersion }: GeminiLanguageModelOptions) {
  const noted = new Set([model]);
  return (modelVersion: string) => {
    if (noted.has(modelVersion)) return;
    noted.add(modelVersion);
    onModelVersion?.(modelVersion);
  };
}
