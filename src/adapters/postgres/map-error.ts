import { DrizzleQueryError } from 'drizzle-orm';
import { DependencyError, type DependencyFailure } from '../../domain/errors.ts';

/**
 * Codes of the driver, of the operating system and of Postgres (documentation, appendix A) that mean an outage.
 * Every other database error is a bug of ours and passes as it is.
 */
const failures: ReadonlyMap<string, DependencyFailure> = new Map([
  ['CONNECT_TIMEOUT', 'timeout'],
  ['ETIMEDOUT', 'timeout'],
  ['57014', 'timeout'],
  ['55P03', 'timeout'],
  ['CONNECTION_CLOSED', 'unavailable'],
  ['CONNECTION_ENDED', 'unavailable'],
  ['CONNECTION_DESTROYED', 'unavailable'],
  ['ECONNREFUSED', 'unavailable'],
  ['ECONNRESET', 'unavailable'],
  ['EHOSTUNREACH', 'unavailable'],
  ['ENETUNREACH', 'unavailable'],
  ['ENOTFOUND', 'unavailable'],
  ['EAI_AGAIN', 'unavailable'],
  ['EPIPE', 'unavailable'],
  ['ENOENT', 'unavailable'],
  ['40001', 'unavailable'],
  ['40P01', 'unavailable'],
  ['53100', 'unavailable'],
  ['53200', 'unavailable'],
  ['53300', 'unavailable'],
  ['57P01', 'unavailable'],
  ['57P02', 'unavailable'],
  ['57P03', 'unavailable'],
  ['28000', 'rejected'],
  ['28P01', 'rejected'],
  ['3D000', 'rejected'],
]);

/**
 * An outage as DependencyError; anything else without drizzle's wrapper, whose message repeats what people wrote and
 * would carry it into logs. Looks through wrappers (`cause`, AggregateError).
 */
export function toDependencyError(thrown: unknown): unknown {
  const error = thrown instanceof DrizzleQueryError ? (thrown.cause ?? thrown) : thrown;
  if (error instanceof DependencyError) return error;
  const reason = findFailure(error);
  if (reason === undefined) return error;
  return new DependencyError('postgres', reason, `Postgres: ${innermostMessage(error)}`, {
    retryable: reason !== 'rejected',
    cause: error,
  });
}

/** After these the connection is closed, by the network, the driver or a server that shuts down. */
const lostConnectionCodes: ReadonlySet<string> = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  '57P01',
  '57P02',
  '57P03',
]);

/** Whether the connection is gone on which this was thrown. Looks through wrappers. */
export function isConnectionLoss(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  return ('code' in thrown && lostConnectionCodes.has(String(thrown.code))) || isConnectionLoss(thrown.cause);
}

function findFailure(error: unknown): DependencyFailure | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  const nested = error instanceof AggregateError ? error.errors[0] : error.cause;
  return failures.get(code) ?? findFailure(nested);
}

function innermostMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const nested = error instanceof AggregateError ? error.errors[0] : error.cause;
  return nested instanceof Error ? innermostMessage(nested) : error.message;
}
