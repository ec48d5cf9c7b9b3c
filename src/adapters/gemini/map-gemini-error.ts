import { z } from 'zod';
import { DependencyError, type DependencyErrorOptions, type DependencyFailure } from '../../domain/errors.ts';

/**
 * How long a daily quota keeps a key from being tried. It renews at midnight Pacific time
 * (ai.google.dev/gemini-api/docs/rate-limits), which a refused call an hour finds out soon enough.
 */
export const dailyQuotaPauseMs = 3_600_000;

/** Pause after a 429 that names none. */
const defaultPauseMs = 5_000;

const detailSchema = z.looseObject({
  '@type': z.string().optional(),
  reason: z.string().optional(),
  retryDelay: z.string().optional(),
  violations: z.array(z.looseObject({ quotaId: z.string().optional() })).optional(),
});
type Detail = z.output<typeof detailSchema>;

/** The parts of a google.rpc.Status that decide; both the SDK's fetch error and an error in a stream have them. */
export interface GeminiStatusError {
  status: number;
  message: string;
  details: readonly unknown[];
}

const fetchErrorSchema = z.object({
  status: z.number(),
  message: z.string(),
  errorDetails: z.array(z.unknown()).optional().catch([]),
});

/** It was the key that was refused, not the request: another key may do. */
export class KeyRefusedError extends DependencyError {
  constructor(message: string, cause: unknown) {
    super('gemini', 'rejected', message, { cause });
  }
}

/** Turns whatever the SDK threw into the error that the rest of the service understands. */
export function mapGeminiError(error: unknown): DependencyError {
  if (error instanceof DependencyError) return error;
  const parsed = fetchErrorSchema.safeParse(error);
  if (parsed.success) {
    const { status, message, errorDetails = [] } = parsed.data;
    return mapGeminiStatus({ status, message, details: errorDetails }, error);
  }
  // No status: the connection was refused or cut, or what came was not what the SDK can read.
  return failure('unavailable', error instanceof Error ? error.message : String(error), {
    retryable: true,
    cause: error,
  });
}

export function mapGeminiStatus(
  { status, message, details }: GeminiStatusError,
  cause?: unknown,
): DependencyError {
  const known = parseDetails(details);
  if (status === 429) return failure('throttled', message, { retryAfterMs: pauseMs(known), cause });
  if (status === 404) return failure('not_found', message, { cause });
  if (status === 401 || status === 403 || isKeyInvalid(known, message)) {
    return new KeyRefusedError(message, cause);
  }
  if (status === 408 || status === 504) return failure('timeout', message, { retryable: true, cause });
  if (status >= 500) return failure('unavailable', message, { retryable: true, cause });
  return failure('rejected', message, { cause });
}

function parseDetails(details: readonly unknown[]): Detail[] {
  return details.flatMap((detail) => {
    const parsed = detailSchema.safeParse(detail);
    return parsed.success ? [parsed.data] : [];
  });
}

function isKeyInvalid(details: readonly Detail[], message: string): boolean {
  return details.some(({ reason }) => reason?.startsWith('API_KEY_')) || /api key not valid/i.test(message);
}

function pauseMs(details: readonly Detail[]): number {
  const isDaily = details.some(({ violations }) =>
    violations?.some(({ quotaId }) => quotaId?.includes('PerDay')),
  );
  if (isDaily) return dailyQuotaPauseMs;
  const delay = details.find(({ retryDelay }) => retryDelay !== undefined)?.retryDelay;
  return (delay === undefined ? undefined : parseDurationMs(delay)) ?? defaultPauseMs;
}

/** google.protobuf.Duration in JSON: seconds with up to nine fractional digits and an `s`. */
function parseDurationMs(duration: string): number | undefined {
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(duration)?.[1];
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000);
}

function failure(reason: DependencyFailure, message: string, options: DependencyErrorOptions) {
  return new DependencyError('gemini', reason, message, options);
}
