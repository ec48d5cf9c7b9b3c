import type { Campus, Language, Role } from '../audience.ts';
import type { Lack } from '../errors.ts';
import type { Confidence } from '../retrieval/confidence.ts';
import type { SearchMethod } from '../retrieval/search-method.ts';

/**
 * One answered (or failed) question. Identified by (`id`, `at`), which every try of a request shares,
 * so that writing it twice changes nothing. Personal data is already hashed or masked here.
 */
export interface InteractionEvent {
  kind: 'interaction';
  /** Request id of the first try. */
  id: string;
  at: Date;
  /** HMAC of the user id, or the id itself with ANONYMIZE_DATA=false. */
  userId: string;
  /** Always an HMAC. */
  sessionHash: string;
  /** HMAC of the client's address, always; undefined where it is not known. Keeps one person from being many users. */
  addressHash?: string | undefined;
  question: string;
  response: string;
  /** Category of the emergency that the message told of; question and response are empty then. */
  emergency?: string | undefined;
  role: Role | undefined;
  campus: Campus | undefined;
  language: Language;
  searchMethod: SearchMethod;
  resultsCount: number;
  /** Similarity of the best result, 0..1; 0 without results. */
  topSimilarity: number;
  confidence: Confidence;
  answeredBy: 'model' | 'knowledge_base';
  cached: boolean;
  degraded: readonly Lack[];
  responseTimeMs: number;
  searchTimeMs: number;
  model: string | undefined;
  inputTokens: number;
  outputTokens: number;
  /** Part of the output; undefined where it was not told. */
  thoughtTokens: number | undefined;
  /** Part of the input; undefined where it was not told. */
  cachedTokens: number | undefined;
  /** Code of the error that the asker got instead of an answer. */
  errorCode: string | undefined;
}

/** A rating of an answer; the newest of a user and request counts. */
export interface FeedbackEvent {
  kind: 'feedback';
  /** Request id of the rated answer. */
  id: string;
  at: Date;
  userId: string;
  rating: 'up' | 'down';
  /** Masked text. */
  comment: string | undefined;
}

/** The retrieval alone, asked for through /api/search. */
export interface SearchEvent {
  kind: 'search';
  id: string;
  at: Date;
  searchMethod: SearchMethod;
  resultsCount: number;
  topSimilarity: number;
  searchTimeMs: number;
}

/** Begin or end of a session. */
export interface SessionEvent {
  kind: 'session';
  /** `<session hash>:started` or `:ended`. */
  id: string;
  at: Date;
  userId: string;
  sessionHash: string;
  change: 'started' | 'ended';
  role: Role | undefined;
  campus: Campus | undefined;
  /** Turn pairs; 0 at the start. */
  turnCount: number;
}

export type StatisticsEvent = InteractionEvent | FeedbackEvent | SearchEvent | SessionEvent;
