import type { z } from '@hono/zod-openapi';
import { AppError } from '../domain/errors.ts';

/** Faults that one reply describes. */
const mostFaults = 20;

/** What a schema found wrong, field by field. @throws AppError VALIDATION_ERROR. */
export function refuseInvalid(result: { success: boolean; error?: z.ZodError }): void {
  if (result.success || !result.error) return;
  const details = result.error.issues.slice(0, mostFaults).map(({ path, message }) => ({
    field: path.join('.') || 'body',
    message,
  }));
  const [first] = details;
  throw new AppError('VALIDATION_ERROR', `${first?.field}: ${first?.message}.`, { details });
}
