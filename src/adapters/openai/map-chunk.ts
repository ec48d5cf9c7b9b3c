import { z } from 'zod';
import { DependencyError } from '../../domain/errors.ts';
import { mapStatus } from '../model-http/map-status.ts';
import type { ReplyChunk } from '../model-http/streamed-model.ts';

/** What this service reads of a chat.completion.chunk; any field may be null or missing. */
const chunkSchema = z.object({
  model: z.string().nullish(),
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: z
    .object({
      prompt_tokens: z.number().nullish(),
      completion_tokens: z.number().nullish(),
      prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
      completion_tokens_details: z.object({ reasoning_tokens: z.number().nullish() }).nullish(),
    })
    .nullish(),
  error: z
    .union([
      z.string().transform((message) => ({ message, code: undefined })),
      z.object({ message: z.string().nullish(), code: z.unknown() }),
    ])
    .nullish(),
});

/** @throws DependencyError for an error sent inside a 200 stream, or what is no chunk at all. */
export function parseChunk(data: string): ReplyChunk {
  const parsed = chunkSchema.safeParse(parseJson(data));
  if (!parsed.success) {
    throw new DependencyError('gemini', 'unavailable', 'The stream holds something else than an answer', {
      retryable: true,
      cause: parsed.error,
    });
  }
  const { choices, error, model, usage } = parsed.data;
  if (error) {
    const status = typeof error.code === 'number' ? error.code : 500;
    throw mapStatus({ status, message: error.message ?? 'Error inside the stream' });
  }
  const choice = choices?.[0];
  return {
    text: choice?.delta?.content ?? '',
    finishReason: choice?.finish_reason ?? undefined,
    modelVersion: model ?? undefined,
    usage: usage
      ? {
          inputTokens: usage.prompt_tokens ?? 0,
          outputTokens: usage.completion_tokens ?? 0,
          thoughtTokens: usage.completion_tokens_details?.reasoning_tokens ?? 0,
          cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
        }
      : undefined,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
