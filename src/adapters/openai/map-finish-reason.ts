import { DependencyError } from '../../domain/errors.ts';

/** Why a reply that ended so is no answer; undefined when it is one. */
export function mapFinishReason(
  finishReason: string | undefined,
  hasText: boolean,
): DependencyError | undefined {
  switch (finishReason) {
    case undefined:
      return new DependencyError('gemini', 'unavailable', 'The reply ended early', { retryable: true });
    case 'stop':
      return hasText ? undefined : new DependencyError('gemini', 'empty', 'The reply is empty');
    case 'length':
      return hasText
        ? new DependencyError('gemini', 'truncated', 'The reply was cut at the token limit')
        : new DependencyError('gemini', 'empty', 'The token limit was reached before any text');
    case 'content_filter':
      return new DependencyError('gemini', 'blocked', 'The reply was blocked');
    default:
      return new DependencyError('gemini', 'unavailable', `The reply ended with ${finishReason}`, {
        retryable: true,
      });
  }
}
