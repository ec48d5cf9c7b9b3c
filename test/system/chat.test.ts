import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request as requestTls } from 'node:https';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ensureCertificate } from '../../infra/local/certificate.ts';
import { type GeminiServer, startGeminiServer } from '../gemini-server/gemini-server.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { startTestStack, type TestStack } from './stack.ts';

let gemini: GeminiServer;
let stack: TestStack;
let nginx: ApiClient;
let replicas: ApiClient[];

beforeAll(async () => {
  gemini = await startGeminiServer();
  stack = await startTestStack({ geminiUrl: gemini.url });
  nginx = createApiClient(stack.nginx.url);
  replicas = stack.replicas().map(({ url }) => createApiClient(url));
});

afterEach(() => {
  gemini.setScript({});
  gemini.clearCalls();
});

afterAll(async () => {
  await stack?.stop();
  await gemini?.close();
});

const replica = (index: number) => replicas[index % replicas.length] as ApiClient;
const modelCalls = () => gemini.calls().filter(({ method }) => method === 'streamGenerateContent');

describe('through nginx', () => {
  test('the service is healthy and says by what', async () => {
    for (const path of ['/api/health', '/health']) {
      const { status, body } = await nginx.send('GET', path);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        status: 'healthy',
        environment: 'development',
        services: {
          redis: { state: 'up' },
          postgres: { state: 'up' },
          chroma: { state: 'up' },
          gemini: { state: 'up' },
        },
      });
    }
  });

  test('a greeting in a session of the caller’s own naming is answered there', async () => {
    const caller = { userId: 'test', sessionId: 'test' };
    const { body, headers } = await nginx.send('POST', '/api/chat', { caller, json: { message: 'Hello' } });
    expect(body).toMatchObject({ session_id: 'test', sources: [], degraded: [], cached: false });
    expect(body).toMatchObject({ request_id: headers.get('x-request-id') });
    expect(headers.get('x-replica')).toMatch(/^replica-\d$/);
  });

  test('the same over TLS', async () => {
    const { certificateFile } = await ensureCertificate(join(stack.dataDir, 'certificate'));
    const outgoing = requestTls(`${stack.nginx.httpsUrl}/api/chat`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-User-ID': 'test', 'X-Session-ID': 'test' },
      ca: readFileSync(certificateFile),
    });
    outgoing.end(JSON.stringify({ message: 'Hello' }));
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(incoming.statusCode).toBe(200);
    expect(await json(incoming)).toMatchObject({ session_id: 'test' });
  });

  test('a question of the knowledge base gets its entry as the best source', async () => {
    const answer = await nginx.ask('Where is the canteen in Garching?');
    expect(answer).toMatchObject({ confidence: 'high', answered_by: 'model', search_method: 'hybrid' });
    expect(answer.sources[0]?.id).toBe('food-garching');
    expect(answer.response).toContain('Boltzmannstraße 19');
    expect(answer.results_count).toBe(answer.sources.length);
    expect(answer.similarity_scores).toEqual(answer.sources.map(({ similarity }) => similarity));
    expect(answer.similarity_scores).toEqual([...answer.similarity_scores].sort((a, b) => b - a));
  });

  test('what the knowledge base does not have is said to be unknown', async () => {
    const answer = await nginx.ask('Which team wins the volcano chess olympics on Mars?');
    expect(answer).toMatchObject({ confidence: 'none', sources: [], results_count: 0 });
  });

  test('a model that is away is replaced by the entry itself', async () => {
    gemini.setScript({ faults: [{ kind: 'status', status: 503, methods: ['streamGenerateContent'] }] });
    const answer = await nginx.ask('Where do I get lunch in Weihenstephan?');
    expect(answer).toMatchObject({ answered_by: 'knowledge_base', degraded: ['gemini'], cached: false });
    expect(answer.response).toContain('Maximus-von-Imhof-Forum');
  });
});

describe('a follow-up', () => {
  test('is understood by another replica than the one that was asked first', async () => {
    const caller = { userId: 'follower', sessionId: 'canteens' };
    await replica(0).ask('Where is the canteen in Garching?', { caller });
    const answer = await replica(1).ask('And when does it open?', { caller });
    expect(answer.replica).toBe('replica-2');
    expect(answer.sources[0]?.id).toBe('food-garching');
    expect(JSON.stringify(modelCalls().at(-1)?.body)).toContain('Where is the canteen in Garching?');
  });
});

describe('an Idempotency-Key', () => {
  const caller = { userId: 'careful', sessionId: 'retries' };
  const ask = (client: ApiClient, message: string, key: string) =>
    client.send('POST', '/api/chat', { caller, json: { message }, headers: { 'Idempotency-Key': key } });

  test('gets the same answer again, from any replica, with one call of the model and one turn', async () => {
    const [first, ...others] = await Promise.all(
      [0, 1, 2].map((index) => ask(replica(index), 'How do I print on campus?', 'key-for-printing')),
    );
    const later = await ask(nginx, 'How do I print on campus?', 'key-for-printing');
    for (const reply of [...others, later]) expect(reply.body).toEqual(first?.body);
    expect(modelCalls()).toHaveLength(1);
    expect(await nginx.history(caller)).toHaveLength(1);
  });

  test('is refused with another body', async () => {
    await ask(nginx, 'How do I print on campus?', 'key-for-one-body');
    const { status, body } = await ask(nginx, 'How do I scan on campus?', 'key-for-one-body');
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'CONFLICT', status_code: 409 });
  });

  test('of an anonymous caller leads to the same new session', async () => {
    const headers = { 'Idempotency-Key': randomUUID() };
    const send = (client: ApiClient) => client.ask('What does the student card do?', { headers });
    const first = await send(nginx);
    for (const again of [nginx, replica(1)]) {
      const { session_id, request_id } = await send(again);
      expect({ session_id, request_id }).toEqual({
        session_id: first.session_id,
        request_id: first.request_id,
      });
    }
  });
});

describe('one Idempotency-Key', () => {
  test('on two routes has an answer on each', async () => {
    const caller = { userId: 'router', sessionId: 'one-key' };
    const headers = { 'Idempotency-Key': randomUUID() };
    const message = 'How do I print on campus?';
    const chat = await nginx.ask(message, { caller, headers });
    const completion = await nginx.send('POST', '/v1/chat/completions', {
      caller,
      headers,
      json: { user: caller.userId, messages: [{ role: 'user', content: message }] },
    });
    expect(completion.status).toBe(200);
    expect(completion.headers.get('x-request-id')).not.toBe(chat.request_id);
    expect((await nginx.history(caller)).map(({ question }) => question)).toEqual([message, message]);
  });
});

describe('the same first question', () => {
  test('of many people at once costs one call of the model, and is cached for the next', async () => {
    gemini.setScript({ latencyMs: 300 });
    const question = 'Where can I eat on the Heilbronn campus?';
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) => nginx.ask(question, { caller: { userId: `guest-${index}` } })),
    );
    const later = await nginx.ask(question, { caller: { userId: 'late-guest' } });

    expect(modelCalls()).toHaveLength(1);
    expect(answers.filter(({ cached }) => !cached)).toHaveLength(1);
    expect(later.cached).toBe(true);
    expect(new Set([...answers, later].map(({ response }) => response)).size).toBe(1);
    expect(new Set([...answers, later].map(({ session_id }) => session_id)).size).toBe(31);
    expect(new Set([...answers, later].map(({ request_id }) => request_id)).size).toBe(31);
  });

  test('is answered anew for another role, campus or language', async () => {
    const ask = (message: string, fields: Record<string, string>) => nginx.ask(message, { fields });
    const replies = [
      await ask('How do I connect to eduroam?', {}),
      await ask('How do I connect to eduroam?', { user_role: 'student' }),
      await ask('How do I connect to eduroam?', { user_campus: 'Garching' }),
      await ask('Wie verbinde ich mich mit eduroam?', {}),
    ];
    expect(replies.map(({ cached }) => cached)).toEqual([false, false, false, false]);
    expect(modelCalls()).toHaveLength(4);
  });

  test('is not answered from the cache within a conversation', async () => {
    const caller = { userId: 'returning', sessionId: 'library' };
    const question = 'How do I renew a loan of the library?';
    await nginx.ask(question, { caller });
    expect(await nginx.ask(question, { caller })).toMatchObject({ cached: false });
  });

  test('is not cached when the answer had to do without the model', async () => {
    const question = 'How do I get a parking permit?';
    gemini.setScript({ faults: [{ kind: 'status', status: 503, methods: ['streamGenerateContent'] }] });
    expect(await nginx.ask(question)).toMatchObject({ degraded: ['gemini'] });
    gemini.setScript({});
    expect(await nginx.ask(question)).toMatchObject({ cached: false });
  });
});
