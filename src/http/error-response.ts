import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { AppError, DependencyError, type ErrorCode } from '../domain/errors.ts';
import type { AppEnv } from './app-env.ts';
import { mapOpenAiError } from './openai/openai-error.ts';

const statusOf = {
  VALIDATION_ERROR: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  RATE_LIMIT_EXCEEDED: 429,
  INTERNAL_ERROR: 500,
  SERVICE_UNAVAILABLE: 503,
} as const satisfies Record<ErrorCode, ContentfulStatusCode>;

export interface ErrorBody {
  error: string;
  code: ErrorCode;
  status_code: number;
  request_id: string;
  timestamp: string;
  details?: unknown;
}

/** Every error as one that a caller may see. Bugs become INTERNAL_ERROR, a dependency's failure SERVICE_UNAVAILABLE. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof DependencyError) {
    const message = 'Part of the service is not available at the moment. Please try again shortly.';
    return new AppError('SERVICE_UNAVAILABLE', message, { retryAfterSeconds: 5, cause: error });
  }
  if (error instanceof HTTPException && error.status === 400) {
    return new AppError('VALIDATION_ERROR', 'The request body is not valid JSON.', { cause: error });
  }
  return new AppError('INTERNAL_ERROR', 'Something went wrong on our side. Please try again.', {
    cause: error,
  });
}

/** The body of an error, the same for every route and for error events in a stream. */
export function errorBody(error: AppError, requestId: string, revealCause = false): ErrorBody {
  const cause = revealCause && error.code === 'INTERNAL_ERROR' ? String(error.cause) : undefined;
  const details = error.details ?? cause;
  return {
    error: error.message,
    code: error.code,
    status_code: statusOf[error.code],
    request_id: requestId,
    timestamp: new Date().toISOString(),
    ...(details !== undefined && { details }),
  };
}

/**
 * The only writer of error replies, below /v1 in OpenAI's format. Outside development an internal error says nothing of
 * its cause.
 */
export function createErrorResponder({ revealCause }: { revealCause: boolean }) {
  return (error: unknown, c: Context<AppEnv>): Response => {
    const appError = toAppError(error);
    c.set('errorCode', appError.code);
    if (appError.code === 'INTERNAL_ERROR') c.get('logger').error({ err: appError.cause }, 'request failed');
    if (appError.retryAfterSeconds !== undefined) c.header('Retry-After', String(appError.retryAfterSeconds));
    if (c.req.path.startsWith('/v1/')) return c.json(mapOpenAiError(appError), statusOf[appError.code]);
    return c.json(errorBody(appError, c.get('requestId'), revealCause), statusOf[appError.code]);
  };
}
