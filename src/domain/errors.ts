/** Codes of errors that a caller can see; SPEC of the HTTP API. */
export const errorCodes = [
  'VALIDATION_ERROR',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'CONFLICT',
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'RATE_LIMIT_EXCEEDED',
  'INTERNAL_ERROR',
  'SERVICE_UNAVAILABLE',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

export interface AppErrorOptions {
  details?: unknown;
  /** Whole seconds after which a retry makes sense; becomes `Retry-After`. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** The caller's error, or a refusal that the caller should understand. `message` is a sentence for a person. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly details: unknown;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

export const dependencies = ['redis', 'postgres', 'chroma', 'gemini'] as const;
export type Dependency = (typeof dependencies)[number];

/** What an answer had to do without: a dependency that was out, or the model for want of tokens. */
export const lacks = [...dependencies, 'budget'] as const;
export type Lack = (typeof lacks)[number];

export type DependencyFailure =
  | 'timeout'
  | 'throttled'
  | 'unavailable'
  | 'blocked'
  | 'empty'
  | 'truncated'
  | 'not_found'
  | 'rejected'
  /** The day's tokens are used up; no call was made. */
  | 'over_budget';

export interface DependencyErrorOptions {
  retryable?: boolean;
  /** How long the dependency asked us to wait. */
  retryAfterMs?: number;
  cause?: unknown;
}

/** A dependency's error, made by adapters from SDK errors and caught by the use case that can do without. */
export class DependencyError extends Error {
  override readonly name = 'DependencyError';
  readonly dependency: Dependency;
  readonly reason: DependencyFailure;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(
    dependency: Dependency,
    reason: DependencyFailure,
    message: string,
    options: DependencyErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.dependency = dependency;
    this.reason = reason;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

export const isDependencyError = (error: unknown, dependency?: Dependency): error is DependencyError =>
  error instanceof DependencyError && (dependency === undefined || error.dependency === dependency);
