import { DependencyError } from '../../domain/errors.ts';
import {
  type LanguageModel,
  type ModelEvent,
  type ModelUsage,
  noUsage,
  type Prompt,
  UnfinishedReplyError,
} from '../../domain/models/language-model.ts';
import { createLinkedController } from '../../domain/models/linked-controller.ts';
import type { EventStream, SignOfLife } from './event-stream.ts';
import { createIdleWatch } from './idle-watch.ts';
import { createTextCarry } from './text-carry.ts';

/** What one event of a reply brings, in whatever format it came. */
export interface ReplyChunk {
  text: string;
  finishReason: string | undefined;
  usage: ModelUsage | undefined;
  modelVersion: string | undefined;
}

export interface OpenReply {
  stream: EventStream<ReplyChunk>;
  /** Takes note of a failure that came after the reply had begun. */
  note: (failure: DependencyError) => void;
}

export interface StreamedModelOptions {
  model: string;
  /** Longest silence of the model, before the first byte or between two. */
  idleTimeoutMs: number;
  /** How many times longer it may be silent between its headers and what follows. */
  patienceAfterHeaders: number;
  /** Sends the request; each try begins with a sign of life. */
  open: (prompt: Prompt, signal: AbortSignal, onSignOfLife: (sign: SignOfLife) => void) => Promise<OpenReply>;
  mapError: (error: unknown) => DependencyError;
  /** Why a reply that ended so is no answer; undefined when it is one. */
  mapFinishReason: (finishReason: string | undefined, hasText: boolean) => DependencyError | undefined;
  /** Told once of each version that answers under another name than `model`. */
  onModelVersion?: ((modelVersion: string) => void) | undefined;
}

/** One model, one call per answer, read from a stream: the part that all providers share. */
export function createStreamedModel(options: StreamedModelOptions): LanguageModel {
  const { idleTimeoutMs, patienceAfterHeaders, open, mapError } = options;
  const noteVersion = createVersionNote(options);

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
        else idle.refresh(sign === 'headers' ? patienceAfterHeaders : 1);
      });
      yield* readEvents(reply.stream, options, noteVersion);
    } catch (error) {
      if (controller.signal.aborted) throw controller.signal.reason;
      const failure = mapError(error);
      reply?.note(failure);
      throw failure;
    } finally {
      idle.stop();
      controller.unlink();
      reply?.stream.close();
    }
  }

  return { generate: (prompt, { signal }) => generate(prompt, signal) };
}

/** The reply ends when its stream does; the last finish reason counts, wherever others came. */
async function* readEvents(
  stream: EventStream<ReplyChunk>,
  { model, mapFinishReason }: StreamedModelOptions,
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

function createVersionNote({ model, onModelVersion }: StreamedModelOptions) {
  const noted = new Set([model]);
  return (modelVersion: string) => {
    if (noted.has(modelVersion)) return;
    noted.add(modelVersion);
    onModelVersion?.(modelVersion);
  };
}
