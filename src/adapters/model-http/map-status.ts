import { DependencyError } from '../../domain/errors.ts';

/** It was the key that was refused, not the request: another key may do. */
export class KeyRefusedError extends DependencyError {
  /** What an operator can do about it, where that is known. */
  readonly advice: string | undefined;

  constructor(message: string, advice: string | undefined, cause: unknown) {
    super('gemini', 'rejected', message, { cause });
    this.advice = advice;
  }
}

/** Pause after a 429 that names none. */
const defaultPauseMs = 5_000;

export interface FailedStatus {
  status: number;
  message: string;
  /** What the reply says about when to come again. */
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** What a status of a model's server means for the rest of the service, whoever's server it is. */
export function mapStatus({ status, message, retryAfterMs, cause }: FailedStatus): DependencyError {
  const options = { cause };
  if (status === 429) {
    const pause = { retryAfterMs: retryAfterMs ?? defaultPauseMs };
    return new DependencyError('gemini', 'throttled', message, { ...options, ...pause });
  }
  if (status === 404) return new DependencyError('gemini', 'not_found', message, options);
  if (status === 401 || status === 403) return new KeyRefusedError(message, undefined, cause);
  if (status === 408 || status === 504) {
    return new DependencyError('gemini', 'timeout', message, { ...options, retryable: true });
  }
  if (status >= 500)
    return new DependencyError('gemini', 'unavailable', message, { ...options, retryable: true });
  return new DependencyError('gemini', 'rejected', message, options);
}

/** A failure without a status: the connection was refused or cut, or what came cannot be read. */
export function mapConnectionError(error: unknown): DependencyError {
  if (error instanceof DependencyError) return error;
  return new DependencyError(
    'gemini',
    'unavailable',
    error instanceof Error ? error.message : String(error),
    {
      retryable: true,
      cause: error,
    },
  );
}
