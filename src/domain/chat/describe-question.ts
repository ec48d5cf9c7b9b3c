import { AppError, type ErrorCode, isDependencyError } from '../errors.ts';
import type { DetectLanguage } from '../language/detect-language.ts';
import type { Interaction } from '../statistics/statistics-recorder.ts';
import type { DetectEmergency } from './emergency-notice.ts';
import type { AnsweredQuestion, FailedQuestion } from './reply/write-reply.ts';

/** An answered question as statistics see it. */
export const describeAnswered = ({
  request,
  composed,
  askedAt,
  responseTimeMs,
}: AnsweredQuestion): Interaction => {
  const { answer, audience, language, emergency } = composed;
  return {
    id: answer.requestId,
    at: askedAt,
    ...request.caller,
    clientAddress: request.clientAddress,
    // Of an emergency only its category is kept.
    question: emergency === undefined ? request.message : '',
    response: emergency === undefined ? answer.response : '',
    emergency,
    role: audience.role,
    campus: audience.campus,
    language,
    searchMethod: answer.searchMethod,
    resultsCount: answer.sources.length,
    topSimilarity: answer.sources[0]?.similarity ?? 0,
    confidence: answer.confidence,
    answeredBy: answer.answeredBy,
    cached: answer.cached,
    degraded: answer.degraded,
    responseTimeMs,
    // An answer from the cache tells the time of a search that was counted when it was made.
    searchTimeMs: answer.cached ? 0 : answer.searchTimeMs,
    model: answer.model?.name,
    inputTokens: answer.model?.inputTokens ?? 0,
    outputTokens: answer.model?.outputTokens ?? 0,
    thoughtTokens: answer.model?.thoughtTokens,
    cachedTokens: answer.model?.cachedTokens,
    errorCode: undefined,
  };
};

/** A question whose asker got an error. */
export const describeFailed = (
  { request, requestId, askedAt, responseTimeMs, error }: FailedQuestion,
  { detectLanguage, detectEmergency }: { detectLanguage: DetectLanguage; detectEmergency: DetectEmergency },
): Interaction => ({
  id: requestId,
  at: askedAt,
  ...request.caller,
  clientAddress: request.clientAddress,
  question: detectEmergency(request.message) ? '' : request.message,
  response: '',
  emergency: detectEmergency(request.message)?.category,
  role: request.role,
  campus: request.campus,
  language: detectLanguage(request.message),
  searchMethod: 'hybrid',
  resultsCount: 0,
  topSimilarity: 0,
  confidence: 'none',
  answeredBy: 'knowledge_base',
  cached: false,
  degraded: [],
  responseTimeMs,
  searchTimeMs: 0,
  model: undefined,
  inputTokens: 0,
  outputTokens: 0,
  thoughtTokens: undefined,
  cachedTokens: undefined,
  errorCode: errorCodeOf(error),
});

const errorCodeOf = (error: unknown): ErrorCode => {
  if (error instanceof AppError) return error.code;
  return isDependencyError(error) ? 'SERVICE_UNAVAILABLE' : 'INTERNAL_ERROR';
};
