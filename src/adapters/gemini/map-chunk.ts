import { z } from 'zod';
import { DependencyError } from '../../domain/errors.ts';
import type { ModelUsage } from '../../domain/models/language-model.ts';
import { mapGeminiStatus } from './map-gemini-error.ts';

/** What this service reads of a streamed GenerateContentResponse; the SDK's types lack half of it. */
const chunkSchema = z.object({
  candidates: z
    .array(
      z.object({
        content: z
          .object({
            parts: z
              .array(z.object({ text: z.string().optional(), thought: z.boolean().optional() }))
              .optional(),
          })
          .optional(),
        finishReason: z.string().optional(),
      }),
    )
    .optional(),
  promptFeedback: z.object({ blockReason: z.string().optional() }).optional(),
  usageMetadata: z
    .object({
      promptTokenCount: z.number().optional(),
      candidatesTokenCount: z.number().optional(),
      thoughtsTokenCount: z.number().optional(),
    })
    .optional(),
  modelVersion: z.string().optional(),
  error: z
    .object({
      code: z.number().optional(),
      message: z.string().optional(),
      details: z.array(z.unknown()).optional(),
    })
    .optional(),
});

export interface Chunk {
  text: string;
  finishReason: string | undefined;
  usage: ModelUsage | undefined;
  modelVersion: string | undefined;
}

/** @throws DependencyError for an error sent inside a 200 stream, a blocked prompt, or what is no chunk at all. */
export function mapChunk(value: unknown): Chunk {
  const parsed = chunkSchema.safeParse(value);
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
  const spokenParts = candidate?.content?.parts?.filter(({ thought }) => !thought) ?? [];
  return {
    text: spokenParts.map(({ text }) => text ?? '').join(''),
    finishReason: candidate?.finishReason,
    modelVersion,
    // Thoughts are billed as output.
    usage: usageMetadata && {
      inputTokens: usageMetadata.promptTokenCount ?? 0,
      outputTokens: (usageMetadata.candidatesTokenCount ?? 0) + (usageMetadata.thoughtsTokenCount ?? 0),
    },
  };
}
