import { DependencyError } from '../../domain/errors.ts';

/** Finish reasons that say nothing about content (ai.google.dev/api/generate-content#FinishReason); any other is a block. */
const technicalReasons = new Set([
  'FINISH_REASON_UNSPECIFIED',
  'OTHER',
  'MALFORMED_FUNCTION_CALL',
  'MALFORMED_RESPONSE',
]);

/** Why a reply that ended so is no answer; undefined when it is one. */
export function mapFinishReason(
  finishReason: string | undefined,
  hasText: boolean,
): DependencyError | undefined {
  if (finishReason === undefined) {
    return new DependencyError('gemini', 'unavailable', 'The reply ended early', { retryable: true });
  }
  if (finishReason === 'STOP') {
    return hasText ? undefined : new DependencyError('gemini', 'empty', 'The reply is empty');
  }
  if (finishReason === 'MAX_TOKENS') {
    return hasText
      ? new DependencyError('gemini', 'truncated', 'The reply was cut at the token limit')
      : new DependencyError('gemini', 'empty', 'The token limit was reached before any text');
  }
  if (technicalReasons.has(finishReason)) {
    return new DependencyError('gemini', 'unavailable', `The reply ended with ${finishReason}`, {
      retryable: true,
    });
  }
  return new DependencyError('gemini', 'blocked', `The reply was blocked: ${finishReason}`);
}
