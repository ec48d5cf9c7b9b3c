import { ChromaNotFoundError, ChromaRateLimitError, ChromaServerError } from 'chromadb';
import { DependencyError, type DependencyFailure } from '../../domain/errors.ts';

function findFailure(error: unknown): DependencyFailure {
  if (!(error instanceof Error)) return 'unavailable';
  if (error instanceof ChromaNotFoundError) return 'not_found';
  if (error instanceof ChromaRateLimitError) return 'throttled';
  if (error.name === 'TimeoutError') return 'timeout';
  if (error instanceof ChromaServerError || error.name === 'ChromaConnectionError') return 'unavailable';
  return error.name.startsWith('Chroma') ? 'rejected' : 'unavailable';
}

export function toDependencyError(error: unknown): DependencyError {
  if (error instanceof DependencyError) return error;
  const reason = findFailure(error);
  return new DependencyError('chroma', reason, `Chroma: ${error instanceof Error ? error.message : error}`, {
    retryable: reason === 'timeout' || reason === 'unavailable' || reason === 'throttled',
    cause: error,
  });
}
