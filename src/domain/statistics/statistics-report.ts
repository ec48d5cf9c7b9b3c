import type { ModelUsage } from '../models/language-model.ts';

/** Usage in a window. A count by name leaves out names that did not occur. */
export interface UsageReport {
  /** Questions asked, those that got an error included. */
  totalInteractions: number;
  /** Users who asked at least one of them. */
  uniqueUsers: number;
  /** Mean over the answered questions; 0 without any. */
  averageResponseTimeMs: number;
  searchMethods: Record<string, number>;
  /** `unknown` counts who said no role, or no campus. */
  userRoles: Record<string, number>;
  campuses: Record<string, number>;
  /** Most frequent first; only questions that enough users have asked. */
  topQuestions: { question: string; count: number }[];
  /** Answers of confidence `none`. */
  unanswered: number;
  /** Tokens of the answers that models wrote, by model. */
  tokens: Record<string, ModelUsage>;
  feedback: { up: number; down: number };
}

export interface SearchPerformance {
  method: string;
  averageTimeMs: number;
  averageResults: number;
  /** Mean similarity of the best result, 0..1. */
  averageSimilarity: number;
  total: number;
}

/** Times of answers in a window, from histograms: at most 2 % off. 0 without any. */
export interface PerformanceReport {
  percentiles: { p50Ms: number; p95Ms: number; p99Ms: number };
  /** By method, the most used first. */
  searches: SearchPerformance[];
  /** Share of questions that got an error, 0..1. */
  errorRate: number;
  /** Share of answers that came from the cache, 0..1. */
  cacheRate: number;
}
