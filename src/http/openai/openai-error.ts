import { z } from '@hono/zod-openapi';
import type { AppError, ErrorCode } from '../../domain/errors.ts';

/** Error body of OpenAI's API: https://platform.openai.com/docs/guides/error-codes/api-errors */
export const openAiErrorSchema = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string().nullable(),
    }),
  })
  .openapi('OpenAiError', {
    example: {
      error: {
        message: 'messages: must have a message of the role user.',
        type: 'invalid_request_error',
        param: 'messages',
        code: null,
      },
    },
  });

const invalid = 'invalid_request_error';

const kindOf = {
  VALIDATION_ERROR: { type: invalid, code: null },
  UNAUTHORIZED: { type: invalid, code: 'invalid_api_key' },
  FORBIDDEN: { type: invalid, code: null },
  NOT_FOUND: { type: invalid, code: null },
  METHOD_NOT_ALLOWED: { type: invalid, code: null },
  CONFLICT: { type: invalid, code: 'conflict' },
  PAYLOAD_TOO_LARGE: { type: invalid, code: null },
  UNSUPPORTED_MEDIA_TYPE: { type: invalid, code: null },
  RATE_LIMIT_EXCEEDED: { type: 'requests', code: 'rate_limit_exceeded' },
  INTERNAL_ERROR: { type: 'server_error', code: null },
  SERVICE_UNAVAILABLE: { type: 'server_error', code: 'service_unavailable' },
} as const satisfies Record<ErrorCode, { type: string; code: string | null }>;

/** The first fault of `details` gives `param`, and `code` where OpenAI has a name for it. */
export function mapOpenAiError({ code, message, details }: AppError): z.infer<typeof openAiErrorSchema> {
  const kind = kindOf[code];
  const fault = Array.isArray(details) ? (details[0] as { field?: string; code?: string }) : undefined;
  return {
    error: {
      message,
      type: kind.type,
      param: fault?.field?.replace(/\.(\d+)/g, '[$1]') ?? null,
      code: fault?.code ?? kind.code,
    },
  };
}
