import { expect, it } from 'vitest';
import { createMetrics } from '../../src/telemetry/metrics.ts';

it('tells Prometheus what was recorded, under one prefix', async () => {
  const metrics = createMetrics({ version: '1.2.3', prices: new Map([['m', { input: 1, output: 10 }]]) });
  const end = metrics.requests.begin();
  expect(await metrics.render()).toContain('tum_chatbot_http_requests_in_flight 1');
  end({ method: 'POST', route: '/api/chat', status: 429, errorCode: 'RATE_LIMIT_EXCEEDED' });
  metrics.model.recordCall({
    model: 'm',
    outcome: 'ok',
    durationMs: 800,
    inputTokens: 100,
    outputTokens: 20,
    thoughtTokens: 5,
    cachedTokens: 10,
    attempt: 2,
  });
  metrics.answers.recordAnswer({
    answeredBy: 'knowledge_base',
    confidence: 'high',
    cached: false,
    degraded: ['gemini'],
  });
  metrics.statistics.setBacklog({ count: 7, oldestAgeMs: 1500 });
  metrics.state.setDependencyUp('postgres', false);
  metrics.state.observeAnswersInFlight(() => 3);
  const text = await metrics.render();
  for (const line of [
    'tum_chatbot_http_requests_in_flight 0',
    'tum_chatbot_model_tokens_total{model="m",direction="thought"} 5',
    'tum_chatbot_model_cost_total{model="m"} 0.0003',
    'tum_chatbot_http_request_duration_seconds_count{method="POST",route="/api/chat",status="429"} 1',
    'tum_chatbot_http_errors_total{route="/api/chat",code="RATE_LIMIT_EXCEEDED"} 1',
    'tum_chatbot_model_tokens_total{model="m",direction="input"} 100',
    'tum_chatbot_model_retries_total{model="m"} 1',
    'tum_chatbot_degraded_answers_total{dependency="gemini"} 1',
    'tum_chatbot_statistics_backlog_events 7',
    'tum_chatbot_statistics_backlog_age_seconds 1.5',
    'tum_chatbot_dependency_up{dependency="postgres"} 0',
    'tum_chatbot_answers_in_flight 3',
    'tum_chatbot_build_info{version="1.2.3"} 1',
  ]) {
    expect(text).toContain(line);
  }
  expect(text).toMatch(/tum_chatbot_nodejs_eventloop_lag_p99_seconds/);
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  expect(names.filter((name) => !name?.startsWith('tum_chatbot_'))).toEqual([]);
});

it('shows what alerts count as 0 before its first event, for Prometheus sees no increase otherwise', async () => {
  const metrics = createMetrics({ version: '1' });
  metrics.requests.begin()({ method: 'POST', route: '/api/chat', status: 200 });
  const text = await metrics.render();
  for (const series of [
    'http_errors_total{route="/api/chat",code="INTERNAL_ERROR"}',
    'http_errors_total{route="/api/chat",code="SERVICE_UNAVAILABLE"}',
    'shed_requests_total{reason="in_flight"}',
    'shed_requests_total{reason="event_loop"}',
    'rate_limited_total{share="replica"}',
    'degraded_answers_total{dependency="gemini"}',
    'statistics_dropped_total{reason="queue_full"}',
    'statistics_dropped_total{reason="buffer_full"}',
    'statistics_dropped_total{reason="unreadable"}',
    'uncaught_errors_total{kind="uncaughtException"}',
    'uncaught_errors_total{kind="unhandledRejection"}',
  ]) {
    expect(text).toContain(`tum_chatbot_${series} 0\n`);
  }
});

it('keeps instances apart', async () => {
  const [one, two] = [createMetrics({ version: '1' }), createMetrics({ version: '1' })];
  one.statistics.recordWritten(3);
  expect(await two.render()).toContain('tum_chatbot_statistics_written_total 0');
});
