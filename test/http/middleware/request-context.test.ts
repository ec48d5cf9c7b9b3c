import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { OpenAPIHono } from '@hono/zod-openapi';
import pino from 'pino';
import { afterEach, expect, test } from 'vitest';
import type { ChatEvent } from '../../../src/domain/chat/chat-event.ts';
import type { AppEnv } from '../../../src/http/app-env.ts';
import { createErrorResponder } from '../../../src/http/error-response.ts';
import { requestContext } from '../../../src/http/middleware/request-context.ts';
import { createChatRoutes } from '../../../src/http/routes/chat.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

const metrics = createMetrics({ version: '1' });
const logger = pino({ level: 'silent' });
const options = {
  logger,
  metrics,
  tracing: undefined,
  replicaId: 'r',
  isDraining: () => false,
  proxySecrets: () => [],
};

/** Begins to answer and breaks off. */
async function* halfAnAnswer(): AsyncGenerator<ChatEvent> {
  yield { type: 'delta', generation: 'g', offset: 11, text: 'The library' };
}
const app = new OpenAPIHono<AppEnv>();
app.onError(createErrorResponder({ revealCause: false }));
app.use(requestContext(options));
app.route(
  '/',
  createChatRoutes({
    audience: { roles: ['student'], campuses: ['Garching'] },
    answerQuestion: {
      ask: halfAnAnswer,
      resume: halfAnAnswer,
      stop: async () => false,
      activeCount: () => 0,
      settle: async () => {},
      close: () => {},
    },
    identifyCaller: async () => ({ userId: 'anonymous', sessionId: 's' }),
    admission: { admitChat: () => () => {}, close: () => {} },
    passEmergency: async () => false,
  }),
);
const server = createAdaptorServer({ fetch: app.fetch });
afterEach(() => void server.close());

test('an answer that breaks off counts as one failure, as JSON and as a stream that was a 200', async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/chat`;
  const ask = (accept: string) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept },
      body: '{"message":"When does the library open?"}',
    });
  const failures = async () =>
    /http_errors_total\{route="\/api\/chat",code="SERVICE_UNAVAILABLE"\} (\d+)/.exec(
      await metrics.render(),
    )?.[1];

  expect((await ask('application/json')).status).toBe(503);
  await expect.poll(failures).toBe('1');
  const stream = await ask('text/event-stream');
  expect(stream.status).toBe(200);
  expect(await stream.text()).toContain('event: error');
  await expect.poll(failures).toBe('2');
});
