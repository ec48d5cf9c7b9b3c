import { z } from 'zod';

const contentSchema = z.strictObject({
  role: z.enum(['user', 'model']).optional(),
  parts: z.array(z.strictObject({ text: z.string().min(1) })).min(1),
});

export const generationConfigFields = [
  'candidateCount',
  'maxOutputTokens',
  'responseMimeType',
  'seed',
  'stopSequences',
  'temperature',
  'thinkingConfig',
  'topK',
  'topP',
];

/** The v1beta requests; as with the API itself, a field that it does not know is refused. */
export const generateRequestSchema = z.strictObject({
  contents: z.array(contentSchema).min(1),
  systemInstruction: z
    .strictObject({ role: z.string().optional(), parts: contentSchema.shape.parts })
    .optional(),
  generationConfig: z
    .looseObject({
      maxOutputTokens: z.number().int().min(1).max(65_536).optional(),
      thinkingConfig: z
        .strictObject({
          thinkingLevel: z.string().optional(),
          thinkingBudget: z.number().int().optional(),
          includeThoughts: z.boolean().optional(),
        })
        .optional(),
    })
    .optional(),
  /** Sent by the SDK, empty. */
  safetySettings: z.array(z.unknown()).optional(),
  store: z.literal(false).optional(),
});
export type GenerateRequest = z.output<typeof generateRequestSchema>;

/** Either alone or as the request whose tokens are asked for. */
export const countTokensRequestSchema = z.union([
  z.strictObject({ contents: z.array(contentSchema).min(1) }),
  z
    .strictObject({ generateContentRequest: z.looseObject({ contents: z.array(contentSchema).min(1) }) })
    .transform(({ generateContentRequest }) => generateContentRequest),
]);

export const embedRequestSchema = z.strictObject({
  model: z.string().optional(),
  content: contentSchema,
  taskType: z.string().optional(),
  title: z.string().optional(),
  outputDimensionality: z.number().int().min(1).max(3072).optional(),
});
export type EmbedRequest = z.output<typeof embedRequestSchema>;

/** Of the chat completions that OpenAI-compatible servers take. */
export const chatRequestSchema = z.strictObject({
  model: z.string(),
  messages: z
    .array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string().min(1) }))
    .min(1),
  max_tokens: z.number().int().min(1),
  temperature: z.number().min(0).max(2),
  stream: z.literal(true),
  stream_options: z.strictObject({ include_usage: z.literal(true) }),
});

export const embeddingsRequestSchema = z.strictObject({
  model: z.string(),
  input: z.array(z.string().min(1)).min(1),
  encoding_format: z.literal('float'),
});

/** Vertex's form for gemini-embedding-001, which takes one text. */
export const predictRequestSchema = z.strictObject({
  instances: z.array(z.strictObject({ content: z.string().min(1), task_type: z.string() })).length(1),
  parameters: z.strictObject({
    autoTruncate: z.boolean(),
    outputDimensionality: z.number().int().min(1).max(3072).optional(),
  }),
});

/** Most requests of one batch. */
export const maxBatchSize = 100;

export const batchEmbedRequestSchema = z.strictObject({ requests: z.array(embedRequestSchema) });

const statusNames: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
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

export function createBadKeyStatus(code: 400 | 401 | 403) {
  if (code === 401) {
    return createStatus(401, 'Request had invalid authentication credentials.', [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'ACCESS_TOKEN_TYPE_UNSUPPORTED',
        domain: 'googleapis.com',
      },
    ]);
  }
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
