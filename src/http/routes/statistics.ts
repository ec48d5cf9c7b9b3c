import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import type { ModelUsage } from '../../domain/models/language-model.ts';
import { costOf, type ModelPrice, type ModelPrices } from '../../domain/models/model-prices.ts';
import type { PerformanceReport, UsageReport } from '../../domain/statistics/statistics-report.ts';
import type { StatisticsStore } from '../../domain/statistics/statistics-store.ts';
import type { AppEnv } from '../app-env.ts';
import { refuseInvalid } from '../refuse-invalid.ts';
import { jsonReply, operatorsOnly, replyFields, replyMeta, toSeconds } from '../schemas.ts';

const days = (maximum: number, fallback: number) =>
  z.object({
    days: z
      .string()
      .regex(/^\d{1,3}$/, { error: `must be a whole number from 1 to ${maximum}` })
      .transform(Number)
      .refine((value) => value >= 1 && value <= maximum, {
        error: `must be a whole number from 1 to ${maximum}`,
      })
      .optional()
      .transform((value) => value ?? fallback)
      .openapi({
        type: 'integer',
        minimum: 1,
        maximum,
        default: fallback,
        description: 'The last so many times 24 hours.',
      }),
  });

const counts = z.record(z.string(), z.int());

const usageSchema = z
  .object({
    total_interactions: z.int(),
    unique_users: z.int(),
    avg_response_time: z.number().openapi({ description: 'Seconds, over answered questions.' }),
    search_methods: counts,
    user_roles: counts,
    campuses: counts,
    top_queries: z
      .array(z.tuple([z.string(), z.int()]))
      .openapi({ description: 'Question and count, most frequent first; only what several users asked.' }),
    active_sessions: z.int().nullable().openapi({ description: 'Null while that cannot be told.' }),
    unanswered: z.int(),
    models: z
      .record(
        z.string(),
        z.object({
          input_tokens: z.int(),
          output_tokens: z.int(),
          thought_tokens: z.int(),
          cached_tokens: z.int(),
          cost: z.number().nullable(),
        }),
      )
      .openapi({
        description:
          'Tokens of the answers that each model wrote. Thoughts are part of the output, cached ones of the input. Cost by MODEL_PRICES, null without a price.',
      }),
    feedback: z.object({ up: z.int(), down: z.int() }),
  })
  .openapi('Statistics');

const performanceSchema = z
  .object({
    response_time_percentiles: z
      .object({ p50: z.number(), p95: z.number(), p99: z.number() })
      .openapi({ description: 'Seconds, at most 2 % off.' }),
    search_performance: z
      .array(z.tuple([z.string(), z.number(), z.number(), z.number(), z.int()]))
      .openapi({ description: 'Method, mean time (s), mean results, mean similarity, total.' }),
    error_rate: z.number().openapi({ minimum: 0, maximum: 1 }),
    cache_rate: z.number().openapi({ minimum: 0, maximum: 1 }),
  })
  .openapi('PerformanceMetrics');

export interface StatisticsRoutesDependencies {
  store: Pick<StatisticsStore, 'getUsage' | 'getPerformance'>;
  prices: ModelPrices;
  /** Sessions alive now. */
  countActiveSessions: () => Promise<number>;
  /** Guards the routes in production. */
  authorize: MiddlewareHandler<AppEnv>[];
}

export function createStatisticsRoutes(dependencies: StatisticsRoutesDependencies) {
  const { store, prices, countActiveSessions, authorize } = dependencies;
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid });

  const usageRoute = createRoute({
    method: 'get',
    path: '/api/statistics',
    tags: ['statistics'],
    summary: 'How the service is used',
    middleware: authorize,
    security: operatorsOnly(authorize),
    request: { query: days(365, 30) },
    responses: jsonReply(z.object({ statistics: usageSchema, ...replyFields }), 'Usage in the last days.'),
  });
  routes.openapi(usageRoute, async (c) => {
    const [report, activeSessions] = await Promise.all([
      store.getUsage(c.req.valid('query').days),
      countActiveSessions().catch(() => null),
    ]);
    return c.json(
      { statistics: mapUsage(report, activeSessions, prices), ...replyMeta(c.get('requestId')) },
      200,
    );
  });

  const performanceRoute = createRoute({
    method: 'get',
    path: '/api/statistics/performance',
    tags: ['statistics'],
    summary: 'How fast answers and searches are',
    middleware: authorize,
    security: operatorsOnly(authorize),
    request: { query: days(30, 7) },
    responses: jsonReply(
      z.object({ performance_metrics: performanceSchema, ...replyFields }),
      'Times and rates of the last days.',
    ),
  });
  routes.openapi(performanceRoute, async (c) => {
    const report = await store.getPerformance(c.req.valid('query').days);
    return c.json({ performance_metrics: mapPerformance(report), ...replyMeta(c.get('requestId')) }, 200);
  });
  return routes;
}

function mapUsage(
  report: UsageReport,
  activeSessions: number | null,
  prices: ModelPrices,
): z.infer<typeof usageSchema> {
  return {
    total_interactions: report.totalInteractions,
    unique_users: report.uniqueUsers,
    avg_response_time: toSeconds(report.averageResponseTimeMs),
    search_methods: report.searchMethods,
    user_roles: report.userRoles,
    campuses: report.campuses,
    top_queries: report.topQuestions.map(({ question, count }) => [question, count]),
    active_sessions: activeSessions,
    unanswered: report.unanswered,
    models: Object.fromEntries(
      Object.entries(report.tokens).map(([model, usage]) => [model, mapTokens(usage, prices.get(model))]),
    ),
    feedback: report.feedback,
  };
}

function mapTokens(usage: ModelUsage, price: ModelPrice | undefined) {
  return {
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    thought_tokens: usage.thoughtTokens,
    cached_tokens: usage.cachedTokens,
    cost: price ? costOf(price, usage) : null,
  };
}

function mapPerformance({ percentiles, searches, errorRate, cacheRate }: PerformanceReport) {
  return {
    response_time_percentiles: {
      p50: toSeconds(percentiles.p50Ms),
      p95: toSeconds(percentiles.p95Ms),
      p99: toSeconds(percentiles.p99Ms),
    },
    search_performance: searches.map(
      ({
        method,
        averageTimeMs,
        averageResults,
        averageSimilarity,
        total,
      }): [string, number, number, number, number] => [
        method,
        toSeconds(averageTimeMs),
        averageResults,
        averageSimilarity,
        total,
      ],
    ),
    error_rate: errorRate,
    cache_rate: cacheRate,
  };
}
