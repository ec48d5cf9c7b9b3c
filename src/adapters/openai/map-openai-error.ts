import { z } from 'zod';
import type { DependencyError } from '../../domain/errors.ts';
import { HttpStatusError } from '../model-http/http-status-error.ts';
import { mapConnectionError, mapStatus } from '../model-http/map-status.ts';

/** vLLM and Ollama put a text or an object under `error`, some servers the message beside it. */
const bodySchema = z.object({
  error: z.union([z.string(), z.object({ message: z.string().nullish() })]).nullish(),
  message: z.string().nullish(),
});

export function mapOpenAiError(error: unknown): DependencyError {
  if (!(error instanceof HttpStatusError)) return mapConnectionError(error);
  const { status, retryAfterMs, body } = error;
  return mapStatus({ status, message: messageOf(body) ?? error.message, retryAfterMs, cause: error });
}

function messageOf(body: string): string | undefined {
  try {
    const { error, message } = bodySchema.parse(JSON.parse(body));
    return (typeof error === 'string' ? error : error?.message) ?? message ?? undefined;
  } catch {
    return undefined;
  }
}
