import { Counter, collectDefaultMetrics, Gauge, Histogram, type LabelValues, Registry } from 'prom-client';
import { type Dependency, dependencies, type ErrorCode, type Lack, lacks } from '../domain/errors.ts';
import type { ModelUsage } from '../domain/models/language-model.ts';
import { costOf, type ModelPrices } from '../domain/models/model-prices.ts';

const prefix = 'tum_chatbot_';

/** Up to the read limit of the proxy in front; 5 and 10 s are the thresholds of the alerts. */
const requestBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 35];
const modelBuckets = [0.1, 0.25, 0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 25, 30];
const retrievalBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2];

export interface RequestOutcome {
  method: string;
  /** The route's pattern, never the path that was asked for. */
  route: string;
  status: number;
  errorCode?: string | undefined;
}

export interface ModelCallOutcome extends ModelUsage {
  model: string;
  /** `ok`, or the reason of the failure. */
  outcome: string;
  durationMs: number;
  /** 1 for the first try. */
  attempt: number;
}

export interface AnswerOutcome {
  answeredBy: 'model' | 'knowledge_base';
  confidence: string;
  cached: boolean;
  degraded: readonly Lack[];
}

/** Codes of failures that are ours; alerts go by their share of the requests. */
const failureCodes: readonly ErrorCode[] = ['INTERNAL_ERROR', 'SERVICE_UNAVAILABLE'];
const shedReasons = ['in_flight', 'event_loop'] as const;
const dropReasons = ['queue_full', 'buffer_full', 'unreadable'] as const;
const uncaughtKinds = ['uncaughtException', 'unhandledRejection'] as const;

/** From the start at 0: a series that begins with its first event shows Prometheus no increase by it. */
const startAtZero = <L extends string>(counter: Counter<L>, label: L, values: readonly string[]) => {
  for (const value of values) counter.inc({ [label]: value } as LabelValues<L>, 0);
};

const createRequestMetrics = (registry: Registry) => {
  const registers = [registry];
  const inFlight = new Gauge({
    name: `${prefix}http_requests_in_flight`,
    help: 'Requests being answered now.',
    registers,
  });
  const duration = new Histogram({
    name: `${prefix}http_request_duration_seconds`,
    help: 'Time from a request to the end of its reply; its count is the request rate.',
    labelNames: ['method', 'route', 'status'],
    buckets: requestBuckets,
    registers,
  });
  const errors = new Counter({
    name: `${prefix}http_errors_total`,
    help: 'Replies that carried an error, by its code.',
    labelNames: ['route', 'code'],
    registers,
  });
  const rateLimited = new Counter({
    name: `${prefix}rate_limited_total`,
    help: 'Requests refused by the rate limit; share=replica while Redis was away.',
    labelNames: ['share'],
    registers,
  });
  const shed = new Counter({
    name: `${prefix}shed_requests_total`,
    help: 'Requests refused to keep the accepted ones fast, by reason.',
    labelNames: ['reason'],
    registers,
  });
  startAtZero(rateLimited, 'share', ['cluster', 'replica']);
  startAtZero(shed, 'reason', shedReasons);
  return {
    /** Notes that a request came in; the returned function, called once, notes how it ended. */
    begin: (): ((outcome: RequestOutcome) => void) => {
      inFlight.inc();
      const startedAt = performance.now();
      return ({ method, route, status, errorCode }) => {
        inFlight.dec();
        duration.observe({ method, route, status }, (performance.now() - startedAt) / 1000);
        for (const code of failureCodes) errors.inc({ route, code }, 0);
        if (errorCode !== undefined) errors.inc({ route, code: errorCode });
      };
    },
    recordRateLimited: (degraded: boolean) => rateLimited.inc({ share: degraded ? 'replica' : 'cluster' }),
    recordShed: (reason: (typeof shedReasons)[number]) => shed.inc({ reason }),
  };
};

const createModelMetrics = (registry: Registry, prices: ModelPrices) => {
  const registers = [registry];
  const duration = new Histogram({
    name: `${prefix}model_call_duration_seconds`,
    help: 'Time of calls to a language model, by outcome.',
    labelNames: ['model', 'outcome'],
    buckets: modelBuckets,
    registers,
  });
  const tokens = new Counter({
    name: `${prefix}model_tokens_total`,
    help: 'Tokens sent to (input) and written by (output) a model; thought is part of output, cached of input.',
    labelNames: ['model', 'direction'],
    registers,
  });
  const cost = new Counter({
    name: `${prefix}model_cost_total`,
    help: 'Cost of the tokens by MODEL_PRICES, in the currency of the prices; 0 for a model without one.',
    labelNames: ['model'],
    registers,
  });
  const retries = new Counter({
    name: `${prefix}model_retries_total`,
    help: 'Calls that repeated a failed one.',
    labelNames: ['model'],
    registers,
  });
  const breakerOpen = new Gauge({
    name: `${prefix}model_breaker_open`,
    help: '1 while the circuit breaker keeps calls away from a model.',
    labelNames: ['model'],
    registers,
  });
  return {
    recordCall: (call: ModelCallOutcome) => {
      const { model, outcome, durationMs, inputTokens, outputTokens, attempt } = call;
      duration.observe({ model, outcome }, durationMs / 1000);
      tokens.inc({ model, direction: 'input' }, inputTokens);
      tokens.inc({ model, direction: 'output' }, outputTokens);
      tokens.inc({ model, direction: 'thought' }, call.thoughtTokens);
      tokens.inc({ model, direction: 'cached' }, call.cachedTokens);
      cost.inc({ model }, costOf(prices.get(model), call));
      if (attempt > 1) retries.inc({ model });
    },
    setBreakerOpen: (model: string, open: boolean) => breakerOpen.set({ model }, Number(open)),
  };
};

const createAnswerMetrics = (registry: Registry) => {
  const registers = [registry];
  const answers = new Counter({
    name: `${prefix}answers_total`,
    help: 'Answers given, by who wrote them and how sure they are.',
    labelNames: ['answered_by', 'confidence', 'cached'],
    registers,
  });
  const degraded = new Counter({
    name: `${prefix}degraded_answers_total`,
    help: 'Answers that did without a dependency; gemini or budget: the knowledge base answers.',
    labelNames: ['dependency'],
    registers,
  });
  startAtZero(degraded, 'dependency', lacks);
  const retrieval = new Histogram({
    name: `${prefix}retrieval_duration_seconds`,
    help: 'Time to find entries, by search method.',
    labelNames: ['method'],
    buckets: retrievalBuckets,
    registers,
  });
  const cache = new Counter({
    name: `${prefix}cache_requests_total`,
    help: 'Look-ups in the shared caches.',
    labelNames: ['cache', 'result'],
    registers,
  });
  return {
    recordAnswer: (answer: AnswerOutcome) => {
      answers.inc({
        answered_by: answer.answeredBy,
        confidence: answer.confidence,
        cached: String(answer.cached),
      });
      for (const dependency of answer.degraded) degraded.inc({ dependency });
    },
    recordRetrieval: (method: string, durationMs: number) => retrieval.observe({ method }, durationMs / 1000),
    recordCache: (name: 'answer' | 'embedding', hit: boolean) =>
      cache.inc({ cache: name, result: hit ? 'hit' : 'miss' }),
  };
};

const createStatisticsMetrics = (registry: Registry) => {
  const registers = [registry];
  const backlog = new Gauge({
    name: `${prefix}statistics_backlog_events`,
    help: 'Statistics events waiting in Redis to be written.',
    registers,
  });
  const backlogAge = new Gauge({
    name: `${prefix}statistics_backlog_age_seconds`,
    help: 'Age of the oldest statistics event that waits in Redis.',
    registers,
  });
  const buffered = new Gauge({
    name: `${prefix}statistics_buffered_events`,
    help: 'Statistics events that this replica holds while Redis is away.',
    registers,
  });
  const written = new Counter({
    name: `${prefix}statistics_written_total`,
    help: 'Statistics events written to Postgres for the first time.',
    registers,
  });
  const dropped = new Counter({
    name: `${prefix}statistics_dropped_total`,
    help: 'Statistics events given up, by reason.',
    labelNames: ['reason'],
    registers,
  });
  startAtZero(dropped, 'reason', dropReasons);
  return {
    setBacklog: ({ count, oldestAgeMs }: { count: number; oldestAgeMs: number }) => {
      backlog.set(count);
      backlogAge.set(oldestAgeMs / 1000);
    },
    setBuffered: (count: number) => buffered.set(count),
    recordWritten: (count: number) => written.inc(count),
    recordDropped: (reason: (typeof dropReasons)[number], count: number) => dropped.inc({ reason }, count),
  };
};

const createStateMetrics = (registry: Registry) => {
  const registers = [registry];
  const dependencyUp = new Gauge({
    name: `${prefix}dependency_up`,
    help: '1 while a dependency answers, 0 while it does not.',
    labelNames: ['dependency'],
    registers,
  });
  for (const dependency of dependencies) dependencyUp.set({ dependency }, 1);
  const bugs = new Counter({
    name: `${prefix}uncaught_errors_total`,
    help: 'Errors that nobody caught; the replica drains and ends after one.',
    labelNames: ['kind'],
    registers,
  });
  startAtZero(bugs, 'kind', uncaughtKinds);
  const knowledgeVersion = new Gauge({
    name: `${prefix}knowledge_version`,
    help: 'Version of the knowledge base that this replica answers from; 0 without one.',
    registers,
  });
  const knowledgeEntries = new Gauge({
    name: `${prefix}knowledge_entries`,
    help: 'Entries of the knowledge base that this replica answers from.',
    registers,
  });
  return {
    /** `count` is asked whenever the metrics are. */
    observeAnswersInFlight: (count: () => number) =>
      void new Gauge({
        name: `${prefix}answers_in_flight`,
        help: 'Answers being written now, also those whose client is away and may come back.',
        registers,
        collect() {
          this.set(count());
        },
      }),
    setDependencyUp: (dependency: Dependency, up: boolean) => dependencyUp.set({ dependency }, Number(up)),
    recordUncaughtError: (kind: (typeof uncaughtKinds)[number]) => bugs.inc({ kind }),
    setKnowledge: ({ version, entries }: { version: number; entries: number }) => {
      knowledgeVersion.set(version);
      knowledgeEntries.set(entries);
    },
  };
};

/**
 * The metrics of one replica, in a registry of their own. Event-loop lag, memory and the like come with them
 * (`tum_chatbot_nodejs_eventloop_lag_p99_seconds`, `tum_chatbot_process_resident_memory_bytes`, ...).
 */
export const createMetrics = ({ version, prices = new Map() }: { version: string; prices?: ModelPrices }) => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix });
  new Gauge({
    name: `${prefix}build_info`,
    help: 'Always 1; its label says which version runs.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version }, 1);
  return {
    requests: createRequestMetrics(registry),
    model: createModelMetrics(registry, prices),
    answers: createAnswerMetrics(registry),
    statistics: createStatisticsMetrics(registry),
    state: createStateMetrics(registry),
    contentType: registry.contentType,
    /** All metrics in Prometheus' text format. */
    render: (): Promise<string> => registry.metrics(),
  };
};

export type Metrics = ReturnType<typeof createMetrics>;
