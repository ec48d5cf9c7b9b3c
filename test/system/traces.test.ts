import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Service } from '../../infra/local/service.ts';
import { type GeminiServer, startGeminiServer } from '../gemini-server/gemini-server.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { proxySecret, startTestStack, type TestStack } from './stack.ts';
import { type CollectedSpan, startTraceCollector, type TraceCollector } from './trace-collector.ts';

let collector: TraceCollector;
let gemini: GeminiServer;
let stack: TestStack;
let nginx: ApiClient;

const caller = { userId: 'traced-person', sessionId: 'traced-session' };
const question = 'Where is the canteen in Garching?';

beforeAll(async () => {
  [collector, gemini] = await Promise.all([startTraceCollector(), startGeminiServer()]);
  stack = await startTestStack({
    replicas: 1,
    geminiUrl: gemini.url,
    // The exporter's own variable: it tries again for this long.
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
      EMBEDDING_MODEL: 'local',
      ENABLE_RATE_LIMITING: 'true',
    },
  });
  nginx = createApiClient(stack.nginx.url);
});

afterAll(async () => {
  await stack?.stop();
  await collector?.close();
  await gemini?.close();
});

/** The spans of a trace, once that of its request is there: it ends last. */
async function traceOf(requestId: string, route = 'POST /api/chat') {
  const find = () => collector.spansOf(requestId);
  await expect.poll(() => find().map(({ name }) => name)).toContain(route);
  const spans = find();
  const get = (name: string) => spans.find((span) => span.name === name) as CollectedSpan;
  return { spans, get, root: get(route) };
}

describe('the trace of a chat', () => {
  test('has nginx’s request id, and below the request what was done for it', async () => {
    const { status, headers } = await nginx.send('POST', '/api/chat', {
      caller,
      json: { message: question },
    });
    expect(status).toBe(200);
    const requestId = headers.get('x-request-id') ?? '';
    const { spans, get, root } = await traceOf(requestId);

    expect(root.parentSpanId).toBe(requestId.slice(0, 16));
    expect(root.attributes).toMatchObject({
      'http.route': '/api/chat',
      'http.response.status_code': 200,
      'tum_chatbot.answered_by': 'model',
    });
    const childrenOf = (parent: CollectedSpan) =>
      spans.filter(({ parentSpanId }) => parentSpanId === parent.spanId).map(({ name }) => name);
    expect(childrenOf(root)).toEqual(
      expect.arrayContaining([
        'rate-limiter consume',
        'chat-store open',
        'retrieval',
        'chat gemini-3.5-flash-lite',
        'chat-store close',
      ]),
    );
    expect(childrenOf(get('retrieval')).sort()).toEqual([
      'embedding-model embedQueries',
      'vector-index query',
    ]);
    const { attributes } = get('chat gemini-3.5-flash-lite');
    expect(Number(attributes['gen_ai.usage.output_tokens'])).toBeGreaterThan(0);
  });

  test('lasts as long as its stream, through a model that fails and the one that steps in', async () => {
    gemini.setScript({
      chunks: 6,
      chunkDelayMs: 60,
      faults: [{ kind: 'status', status: 404, model: 'gemini-3.5-flash-lite' }],
    });
    const stream = await nginx.askStream(`${question} And in Weihenstephan?`, { caller });
    await stream.until('done');
    expect(await stream.ended).toBe('complete');
    gemini.setScript({});
    const { get, root } = await traceOf(stream.requestId);
    const [failed, second] = [get('chat gemini-3.5-flash-lite'), get('chat gemini-3.8-flash')];
    expect(failed.attributes).toMatchObject({ 'error.type': 'not_found' });
    expect(second.parentSpanId).toBe(root.spanId);
    expect(second.endMs - second.startMs).toBeGreaterThan(250);
    expect(root.endMs).toBeGreaterThanOrEqual(Math.floor(second.endMs));
  });

  test('is not for outsiders to name', async () => {
    const foreign = 'a'.repeat(32);
    const { headers } = await nginx.send('GET', '/api/health', {
      headers: { traceparent: `00-${foreign}-${'b'.repeat(16)}-01` },
    });
    await traceOf(headers.get('x-request-id') ?? '', 'GET /api/health');
    expect(collector.spansOf(foreign)).toEqual([]);
  });

  test('goes on with that of a proxy between nginx and the replica', async () => {
    const replica = createApiClient((stack.replicas()[0] as Service).url);
    const traceId = 'c'.repeat(32);
    await replica.send('GET', '/api/health', {
      headers: {
        'X-Real-IP': '192.0.2.1',
        'X-Proxy-Secret': proxySecret,
        traceparent: `00-${traceId}-${'d'.repeat(16)}-01`,
      },
    });
    expect((await traceOf(traceId, 'GET /api/health')).root.parentSpanId).toBe('d'.repeat(16));
  });

  test('says nothing of what was asked, by whom, or of secrets', () => {
    const everything = collector.bodies.join('\n');
    expect(everything.length).toBeGreaterThan(1000);
    for (const word of ['canteen', 'Boltzmann', caller.userId, caller.sessionId, 'key-of-the-tests'])
      expect(everything).not.toContain(word);
  });
});

test('a collector that is away costs one line in the log, nothing else, and a replica ends as ever', async () => {
  const replica = stack.replicas()[0] as Service;
  const linesOf = (message: string) =>
    readFileSync(replica.logFile, 'utf8')
      .split('\n')
      .filter((line) => line.includes(message));
  const awayLines = () => linesOf('the collector takes no traces');
  const port = Number(new URL(collector.url).port);

  await collector.close();
  await nginx.ask(`${question} Today?`, { caller });
  await expect.poll(awayLines).toHaveLength(1);
  await nginx.ask(`${question} Tomorrow?`, { caller });

  collector = await startTraceCollector(port);
  await expect
    .poll(async () => (await nginx.ask(question, { caller })) && linesOf('traces are taken again'))
    .toHaveLength(1);
  await collector.close();
  expect(awayLines()).toHaveLength(1);

  await nginx.ask(`${question} At noon?`, { caller });
  const exit = new Promise((resolve) => replica.onUnexpectedExit(resolve));
  const startedAtMs = performance.now();
  replica.signal('SIGTERM');
  expect(await exit).toEqual({ code: 0, signal: null });
  expect(performance.now() - startedAtMs).toBeLessThan(5000);
});
