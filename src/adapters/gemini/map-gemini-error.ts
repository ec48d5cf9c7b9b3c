import { GoogleGenerativeAIFetchError } from '@google/generative-ai';
import { z } from 'zod';
import { DependencyError } from '../../domain/errors.ts';
import { HttpStatusError } from '../model-http/http-status-error.ts';
import { KeyRefusedError, mapConnectionError, mapStatus } from '../model-http/map-status.ts';

/**
 * How long a daily quota keeps a key from being tried. It renews at midnight Pacific time
 * (ai.google.dev/gemini-api/docs/rate-limits), which a refused call an hour finds out soon enough.
 */
export const dailyQuotaPauseMs = 3_600_000;

const detailSchema = z.looseObject({
  '@type': z.string().nullish(),
  reason: z.string().nullish(),
  retryDelay: z.string().nullish(),
  violations: z.array(z.looseObject({ quotaId: z.string().nullish() })).nullish(),
});
type Detail = z.output<typeof detailSchema>;

/** A google.rpc.Status, whether it came as a body or inside a stream. */
export const statusSchema = z.object({
  code: z.number().nullish(),
  message: z.string().nullish(),
  details: z.array(z.unknown()).nullish(),
});

/** The parts of a status that decide. */
export interface GeminiStatusError {
  status: number;
  message: string;
  details: readonly unknown[];
  /** The header Retry-After; details that name a time win. */
  retryAfterMs?: number | undefined;
}

/** For keys of the old kind (ai.google.dev/gemini-api/docs/api-key). */
export const keyAdvice = 'make an authorised key (AQ.)';

/** Turns whatever a call threw into the error that the rest of the service understands. */
export function mapGeminiError(error: unknown): DependencyError {
  if (error instanceof DependencyError) return error;
  if (error instanceof HttpStatusError) {
    const failed = createFetchError(error);
    const { status = error.status, message, errorDetails = [] } = failed;
    const { retryAfterMs } = error;
    return mapGeminiStatus({ status, message, details: errorDetails, retryAfterMs }, failed);
  }
  if (error instanceof GoogleGenerativeAIFetchError && error.status !== undefined) {
    const { status, message, errorDetails = [] } = error;
    return mapGeminiStatus({ status, message, details: errorDetails }, error);
  }
  return mapConnectionError(error);
}

const errorBodySchema = z.object({ error: statusSchema });

/** The SDK's own error for a body in any of the shapes that Google sends: an object, or an array of one. */
export function createFetchError({
  status,
  statusText,
  body,
}: HttpStatusError): GoogleGenerativeAIFetchError {
  const parsed = errorBodySchema.safeParse(firstOf(parseJson(body)));
  const { message, details } = parsed.data?.error ?? {};
  return new GoogleGenerativeAIFetchError(
    `[${status} ${statusText}] ${message ?? ''}`.trim(),
    status,
    statusText,
    details?.filter(
      (detail): detail is Record<string, unknown> => typeof detail === 'object' && detail !== null,
    ),
  );
}

const firstOf = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function mapGeminiStatus(
  { status, message, details, retryAfterMs }: GeminiStatusError,
  cause?: unknown,
): DependencyError {
  const known = parseDetails(details);
  const isInvalid = isKeyInvalid(known, message);
  const isOldKind = isInvalid || known.some(({ reason }) => reason === 'ACCESS_TOKEN_TYPE_UNSUPPORTED');
  if (isOldKind) return new KeyRefusedError(message, keyAdvice, cause);
  return mapStatus({ status, message, retryAfterMs: pauseMs(known) ?? retryAfterMs, cause });
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

function pauseMs(details: readonly Detail[]): number | undefined {
  const isDaily = details.some(({ violations }) =>
    violations?.some(({ quotaId }) => quotaId?.includes('PerDay')),
  );
  if (isDaily) return dailyQuotaPauseMs;
  const delay = details.find(({ retryDelay }) => retryDelay)?.retryDelay;
  return delay ? parseDurationMs(delay) : undefined;
}

/** google.protobuf.Duration in JSON: seconds with up to nine fractional digits and an `s`. */
function parseDurationMs(duration: string): number | undefined {
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(duration)?.[1];
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000);
}
