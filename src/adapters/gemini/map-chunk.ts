import { z } from 'zod';
import { DependencyError } from '../../domain/errors.ts';
import type { ModelUsage } from '../../domain/models/language-model.ts';
import type { ReplyChunk } from '../model-http/streamed-model.ts';
import { mapGeminiStatus, statusSchema } from './map-gemini-error.ts';

/** What this service reads of a streamed GenerateContentResponse; any field may be null, and the SDK's types lack half. */
const chunkSchema = z.object({
  candidates: z
    .array(
      z.object({
        content: z
          .object({
            parts: z
              .array(z.object({ text: z.string().nullish(), thought: z.boolean().nullish() }))
              .nullish(),
          })
          .nullish(),
        finishReason: z.string().nullish(),
      }),
    )
    .nullish(),
  promptFeedback: z.object({ blockReason: z.string().nullish() }).nullish(),
  usageMetadata: z
    .object({
      promptTokenCount: z.number().nullish(),
      candidatesTokenCount: z.number().nullish(),
      thoughtsTokenCount: z.number().nullish(),
      cachedContentTokenCount: z.number().nullish(),
    })
    .nullish(),
  modelVersion: z.string().nullish(),
  error: statusSchema.nullish(),
});

/** @throws DependencyError for an error sent inside a 200 stream, a blocked prompt, or what is no chunk at all. */
export function parseChunk(data: string): ReplyChunk {
  const parsed = chunkSchema.safeParse(parseJson(data));
  if (!parsed.success) {
    throw new DependencyError('gemini', 'unavailable', 'The stream holds something else than an answer', {
      retryable: true,
      cause: parsed.error,
    });
  }
  const { candidates, error, modelVersion, promptFeedback, usageMetadata } = parsed.data;
  if (error) {
    throw mapGeminiStatus({
      status: error.code ?? 500,
      message: error.message ?? 'Error inside the stream',
      details: error.details ?? [],
    });
  }
  if (promptFeedback?.blockReason) {
    throw new DependencyError('gemini', 'blocked', `The prompt was blocked: ${promptFeedback.blockReason}`);
  }
  const candidate = candidates?.[0];
  let text = '';
  for (const part of candidate?.content?.parts ?? []) if (part.text && !part.thought) text += part.text;
  return {
    text,
    finishReason: candidate?.finishReason ?? undefined,
    modelVersion: modelVersion ?? undefined,
    usage: usageMetadata ? mapUsage(usageMetadata) : undefined,
  };
}

function mapUsage(usage: NonNullable<z.output<typeof chunkSchema>['usageMetadata']>): ModelUsage {
  const thoughtTokens = usage.thoughtsTokenCount ?? 0;
  return {
    inputTokens: usage.promptTokenCount ?? 0,
    // Thoughts are billed as output.
    outputTokens: (usage.candidatesTokenCount ?? 0) + thoughtTokens,
    thoughtTokens,
    cachedTokens: usage.cachedContentTokenCount ?? 0,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
