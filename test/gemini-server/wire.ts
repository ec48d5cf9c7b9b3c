import { z } from 'zod';

const contentSchema = z.object({
  role: z.string().optional(),
  parts: z.array(z.object({ text: z.string().optional() })).min(1),
});

/** The parts of the v1beta requests that the server looks at. */
export const generateRequestSchema = z.object({
  contents: z.array(contentSchema).min(1),
  systemInstruction: contentSchema.optional(),
  generationConfig: z.looseObject({ maxOutputTokens: z.number().optional() }).optional(),
});
export type GenerateRequest = z.output<typeof generateRequestSchema>;

export const embedRequestSchema = z.object({
  content: contentSchema,
  taskType: z.string().optional(),
  outputDimensionality: z.number().int().min(1).max(3072).optional(),
});
export type EmbedRequest = z.output<typeof embedRequestSchema>;

/** Most requests of one batch. */
export const maxBatchSize = 100;

export const batchEmbedRequestSchema = z.object({ requests: z.array(embedRequestSchema) });

const statusNames: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** A google.rpc.Status, as the API sends it in bodies and inside streams. */
export function createStatus(code: number, message: string, details: readonly object[] = []) {
  return {
    error: {
      code,
      message,
      status: statusNames[code] ?? 'UNKNOWN',
      ...(details.length > 0 && { details }),
    },
  };
}

export function createQuotaStatus({
  retryDelaySeconds,
  perDay = false,
}: {
  retryDelaySeconds?: number | undefined;
  perDay?: boolean | undefined;
}) {
  const period = perDay ? 'PerDay' : 'PerMinute';
  return createStatus(429, 'You exceeded your current quota, please check your plan and billing details.', [
    {
      '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
      violations: [
        {
          quotaMetric: 'generativelanguage.googleapis.com/generate_content_free_tier_requests',
          quotaId: `GenerateRequests${period}PerProjectPerModel-FreeTier`,
        },
      ],
    },
    ...(retryDelaySeconds === undefined
      ? []
      : [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${retryDelaySeconds}s` }]),
  ]);
}

export function createBadKeyStatus(code: 400 | 403) {
  if (code === 403) return createStatus(403, 'The caller does not have permission');
  return createStatus(400, 'API key not valid. Please pass a valid API key.', [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'API_KEY_INVALID',
      domain: 'googleapis.com',
    },
  ]);
}

/** Splits a text into so many parts of about the same length; fewer when it is short. */
export function splitText(text: string, count: number): string[] {
  const length = Math.max(1, Math.ceil(text.length / count));
  const parts: string[] = [];
  for (let start = 0; start < text.length; start += length) parts.push(text.slice(start, start + length));
  return parts;
}

/** About four characters to a token. */
export const countTokens = (text: string): number => Math.ceil(text.length / 4);
