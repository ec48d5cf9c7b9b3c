import { bucketOf } from './latency-histogram.ts';
import { startOfDay, startOfHour } from './report-window.ts';
import type { FeedbackEvent, InteractionEvent, SearchEvent } from './statistics-event.ts';

/** What roll-ups count. Times are summed in whole microseconds, similarities in millionths. */
export type RollupMetric =
  | 'interactions'
  | 'answered'
  | 'response_us'
  | 'errors'
  | 'cached'
  | 'unanswered'
  | 'search_method'
  | 'role'
  | 'campus'
  | 'latency'
  | 'feedback'
  | 'last_seen'
  | 'input_tokens'
  | 'output_tokens'
  | 'thought_tokens'
  | 'cached_tokens'
  | 'search_count'
  | 'search_us'
  | 'search_results'
  | 'search_similarity';

export interface Count {
  at: Date;
  metric: RollupMetric;
  /** What the metric is counted by; empty when by nothing. */
  label: string;
  value: number;
}

export interface RollupRow {
  periodHours: 1 | 24;
  startsAt: Date;
  metric: RollupMetric;
  label: string;
  value: number;
}

export const toMicroseconds = (ms: number): number => Math.round(ms * 1000);

/** An interaction as it happened, or as it is stored. */
type CountedInteraction = Pick<InteractionEvent, 'at' | 'cached' | 'responseTimeMs'> &
  Record<'searchMethod' | 'confidence', string> &
  Record<'role' | 'campus' | 'errorCode' | 'model', string | null | undefined> &
  Record<'inputTokens' | 'outputTokens', number> &
  Record<'thoughtTokens' | 'cachedTokens', number | null | undefined>;

export const countInteraction = (event: CountedInteraction): Count[] => {
  const isAnswered = !event.errorCode;
  const one = (metric: RollupMetric, label = '', value = 1): Count => ({
    at: event.at,
    metric,
    label,
    value,
  });
  return [
    one('interactions'),
    one('search_method', event.searchMethod),
    one('role', event.role ?? 'unknown'),
    one('campus', event.campus ?? 'unknown'),
    ...(isAnswered
      ? [
          one('answered'),
          one('response_us', '', toMicroseconds(event.responseTimeMs)),
          one('latency', String(bucketOf(event.responseTimeMs))),
        ]
      : [one('errors')]),
    ...countTokens(event, one),
    ...(isAnswered && event.cached ? [one('cached')] : []),
    ...(isAnswered && event.confidence === 'none' ? [one('unanswered')] : []),
  ];
};

/** By model; sums of nothing are left out later. */
function countTokens(
  { model, inputTokens, outputTokens, thoughtTokens, cachedTokens }: CountedInteraction,
  one: (metric: RollupMetric, label: string, value: number) => Count,
): Count[] {
  if (!model) return [];
  return [
    one('input_tokens', model, inputTokens),
    one('output_tokens', model, outputTokens),
    one('thought_tokens', model, thoughtTokens ?? 0),
    one('cached_tokens', model, cachedTokens ?? 0),
  ];
}

/** Takes a count back. */
export const uncount = (count: Count): Count => ({ ...count, value: -count.value });

export const countSearch = (search: Omit<SearchEvent, 'kind'>): Count[] => {
  const one = (metric: RollupMetric, value: number): Count => ({
    at: search.at,
    metric,
    label: search.searchMethod,
    value,
  });
  return [
    one('search_count', 1),
    one('search_us', toMicroseconds(search.searchTimeMs)),
    one('search_results', search.resultsCount),
    one('search_similarity', Math.round(search.topSimilarity * 1_000_000)),
  ];
};

/** A rating counts in the hour it was given; a newer one takes its place. */
export const countFeedback = (
  feedback: Pick<FeedbackEvent, 'at' | 'rating'>,
  replaced?: Pick<FeedbackEvent, 'at' | 'rating'>,
): Count[] => [
  { at: feedback.at, metric: 'feedback', label: feedback.rating, value: 1 },
  ...(replaced === undefined
    ? []
    : [{ at: replaced.at, metric: 'feedback' as const, label: replaced.rating, value: -1 }]),
];

/** A user was last seen in another hour than before. */
export const countLastSeen = (change: { from?: Date | undefined; to?: Date | undefined }): Count[] => [
  ...(change.to === undefined ? [] : [{ at: change.to, metric: 'last_seen' as const, label: '', value: 1 }]),
  ...(change.from === undefined
    ? []
    : [{ at: change.from, metric: 'last_seen' as const, label: '', value: -1 }]),
];

/** Adds counts up by hour and by day; sums of nothing are left out. */
export const rollUp = (counts: readonly Count[]): RollupRow[] => {
  const rows = new Map<string, RollupRow>();
  for (const { at, metric, label, value } of counts) {
    for (const periodHours of [1, 24] as const) {
      const startsAt = periodHours === 1 ? startOfHour(at) : startOfDay(at);
      const key = `${periodHours}|${startsAt.getTime()}|${metric}|${label}`;
      const row = rows.get(key);
      if (row === undefined) rows.set(key, { periodHours, startsAt, metric, label, value });
      else row.value += value;
    }
  }
  return [...rows.values()].filter(({ value }) => value !== 0);
};
