import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { DependencyError } from '../../../src/domain/errors.ts';
import type { AppEnv } from '../../../src/http/app-env.ts';
import { createErrorResponder } from '../../../src/http/error-response.ts';
import {
  createStatisticsRoutes,
  type StatisticsRoutesDependencies,
} from '../../../src/http/routes/statistics.ts';
import { guardWith } from '../../fixtures/admin-guard.ts';

const createApp = (changes: Partial<StatisticsRoutesDependencies> = {}) => {
  const asked: number[] = [];
  const routes = createStatisticsRoutes({
    store: {
      getUsage: async (days) => {
        asked.push(days);
        return {
          totalInteractions: 12,
          uniqueUsers: 3,
          averageResponseTimeMs: 1234.56,
          searchMethods: { hybrid: 12 },
          userRoles: { student: 10, unknown: 2 },
          campuses: { Munich: 12 },
          topQuestions: [{ question: 'where is the mensa', count: 4 }],
          unanswered: 1,
          tokens: {
            a: { inputTokens: 1_000_000, outputTokens: 500_000, thoughtTokens: 7, cachedTokens: 8 },
            b: { inputTokens: 1, outputTokens: 2, thoughtTokens: 0, cachedTokens: 0 },
          },
          feedback: { up: 2, down: 1 },
        };
      },
      getPerformance: async (days) => {
        asked.push(days);
        return {
          percentiles: { p50Ms: 800, p95Ms: 2500, p99Ms: 4000 },
          searches: [
            { method: 'hybrid', averageTimeMs: 25, averageResults: 4.5, averageSimilarity: 0.7, total: 12 },
          ],
          errorRate: 0.01,
          cacheRate: 0.25,
        };
      },
    },
    prices: new Map([['a', { input: 0.1, output: 0.4 }]]),
    countActiveSessions: async () => 5,
    authorize: [],
    ...changes,
  });
  const app = new Hono<AppEnv>();
  app.onError(createErrorResponder({ revealCause: false }));
  app.use(async (c, next) => {
    c.set('requestId', 'request-1');
    await next();
  });
  app.route('/', routes);
  return { app, asked };
};

describe('GET /api/statistics', () => {
  it('tells in seconds how the service is used', async () => {
    const { app, asked } = createApp();
    const response = await app.request('/api/statistics');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      statistics: {
        total_interactions: 12,
        unique_users: 3,
        avg_response_time: 1.2346,
        search_methods: { hybrid: 12 },
        user_roles: { student: 10, unknown: 2 },
        campuses: { Munich: 12 },
        top_queries: [['where is the mensa', 4]],
        active_sessions: 5,
        unanswered: 1,
        models: {
          a: {
            input_tokens: 1_000_000,
            output_tokens: 500_000,
            thought_tokens: 7,
            cached_tokens: 8,
            cost: expect.closeTo(0.3),
          },
          b: { input_tokens: 1, output_tokens: 2, thought_tokens: 0, cached_tokens: 0, cost: null },
        },
        feedback: { up: 2, down: 1 },
      },
      request_id: 'request-1',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(asked).toEqual([30]);
  });

  it.each(['0', '366', '-1', '1.5', 'week', ''])('refuses days=%s', async (days) => {
    const response = await createApp().app.request(`/api/statistics?days=${days}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  it('answers without the sessions when they cannot be counted', async () => {
    const { app } = createApp({ countActiveSessions: () => Promise.reject(new Error('away')) });
    const body = (await (await app.request('/api/statistics')).json()) as { statistics: unknown };
    expect(body.statistics).toMatchObject({ total_interactions: 12, active_sessions: null });
  });

  it('is 503 while the store is out', async () => {
    const out = () => Promise.reject(new DependencyError('postgres', 'timeout', 'frozen'));
    const response = await createApp({ store: { getUsage: out, getPerformance: out } }).app.request(
      '/api/statistics?days=7',
    );
    expect(response.status).toBe(503);
    expect(response.headers.get('Retry-After')).toBe('5');
  });

  it('is for operators only where it is guarded', async () => {
    const { app } = createApp({ authorize: [guardWith(['token-of-operators'])] });
    for (const path of ['/api/statistics', '/api/statistics/performance']) {
      expect((await app.request(path)).status).toBe(401);
      const headers = { Authorization: 'Bearer token-of-operators' };
      expect((await app.request(path, { headers })).status).toBe(200);
    }
  });
});

describe('GET /api/statistics/performance', () => {
  it('tells in seconds how fast answers and searches are', async () => {
    const { app, asked } = createApp();
    const body = await (await app.request('/api/statistics/performance?days=30')).json();
    expect(body).toMatchObject({
      performance_metrics: {
        response_time_percentiles: { p50: 0.8, p95: 2.5, p99: 4 },
        search_performance: [['hybrid', 0.025, 4.5, 0.7, 12]],
        error_rate: 0.01,
        cache_rate: 0.25,
      },
    });
    expect(asked).toEqual([30]);
    expect((await app.request('/api/statistics/performance?days=31')).status).toBe(400);
  });
});
