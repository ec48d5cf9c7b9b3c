import { describe, expect, test } from 'vitest';
import type { AnswerQuestion } from '../../../src/domain/chat/answer-question.ts';
import type { ChatAnswer } from '../../../src/domain/chat/chat-answer.ts';
import type { ChatEvent } from '../../../src/domain/chat/chat-event.ts';
import type { ChatRequest } from '../../../src/domain/chat/chat-request.ts';
import { AppError } from '../../../src/domain/errors.ts';
import { createSessionIds } from '../../../src/domain/sessions/session-id.ts';
import { createIdentifyCaller } from '../../../src/http/caller.ts';
import { requireClientKey } from '../../../src/http/middleware/bearer-auth.ts';
import { createOpenAiRoutes } from '../../../src/http/routes/openai.ts';
import { createTestApp } from '../../fixtures/create-test-app.ts';
import { vocabulary } from '../../fixtures/institution.ts';

const generation = 'g1';
const answer: ChatAnswer = {
  requestId: 'request-1',
  sessionId: 'session-1',
  response: 'In the main building.',
  sources: [
    {
      id: 'e1',
      question: 'Where is it?',
      category: 'library',
      url: 'https://example.org/1',
      similarity: 0.9,
    },
  ],
  confidence: 'high',
  answeredBy: 'model',
  cached: false,
  searchMethod: 'hybrid',
  searchTimeMs: 5,
  degraded: [],
  answeredAt: new Date('2026-03-01T10:00:00Z'),
  model: {
    name: 'gemini',
    inputTokens: 100,
    outputTokens: 20,
    thoughtTokens: 0,
    cachedTokens: 0,
    durationMs: 900,
  },
};
const delta = (text: string, offset = text.length): ChatEvent => ({
  type: 'delta',
  generation,
  offset,
  text,
});
const sources: ChatEvent = { type: 'sources', generation, offset: 0, sources: answer.sources };
const restart: ChatEvent = { type: 'restart', generation: 'g2', offset: 0 };
const done: ChatEvent = { type: 'done', generation, offset: 21, answer };
const whole = [sources, delta('In the main '), delta('building.', 21), done];

interface Settings {
  events?: readonly (ChatEvent | Error)[];
  keys?: readonly string[];
  refusal?: AppError;
}

function createApp({ events = whole, keys, refusal }: Settings = {}) {
  const asked: ChatRequest[] = [];
  const askers: unknown[] = [];
  const answerQuestion = {
    async *ask(request: ChatRequest) {
      asked.push(request);
      for (const event of events) {
        if (event instanceof Error) throw event;
        yield event;
      }
    },
  } as Pick<AnswerQuestion, 'ask'>;
  const app = createTestApp(
    createOpenAiRoutes({
      detectLanguage: vocabulary.detectLanguage,
      answerQuestion,
      identifyCaller: createIdentifyCaller({
        sessionIds: createSessionIds(() => 'salt'),
        sessionStore: { agreeOnId: async (_purpose, proposed) => proposed },
      }),
      admission: {
        admitChat(asker) {
          if (refusal) throw refusal;
          askers.push(asker);
          return () => {};
        },
      },
      passEmergency: async () => false,
      authorize: requireClientKey(() => keys),
      historyTurns: 2,
    }),
  );
  const complete = (body: object, headers: Record<string, string> = {}) =>
    app.request('/v1/chat/completions', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify({ model: 'any', messages: [{ role: 'user', content: 'Where is it?' }], ...body }),
    });
  return { app, complete, asked, askers };
}

/** Data of the events, parsed but for the mark at the end. */
async function readChunks(response: Response) {
  const events = (await response.text()).split('\n\n').filter((text) => text !== '');
  return events.map((event) => {
    const data = event.replace(/^data: /, '');
    return data === '[DONE]' ? data : JSON.parse(data);
  });
}

describe('POST /v1/chat/completions', () => {
  test('answers with the sources behind the text and as annotations', async () => {
    const { complete, askers } = createApp();
    const response = await complete({});
    expect(response.status).toBe(200);
    const content = 'In the main building.\n\nSources:\n- [Where is it?](https://example.org/1)';
    expect(await response.json()).toEqual({
      id: 'chatcmpl-request-1',
      object: 'chat.completion',
      created: 1_772_359_200,
      model: 'tum-chatbot',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content,
            refusal: null,
            annotations: [
              {
                type: 'url_citation',
                url_citation: {
                  start_index: 34,
                  end_index: content.length,
                  url: 'https://example.org/1',
                  title: 'Where is it?',
                },
              },
            ],
          },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
    });
    expect(askers).toEqual(['program']);
  });

  test('streams the same as chunks of one completion', async () => {
    const chunks = await readChunks(await createApp().complete({ stream: true }));
    expect(chunks.pop()).toBe('[DONE]');
    expect(new Set(chunks.map(({ id }) => id))).toEqual(new Set(['chatcmpl-request-1']));
    const deltas = chunks.map(({ choices }) => choices[0].delta);
    expect(deltas[0]).toEqual({ role: 'assistant', content: '' });
    expect(deltas.map(({ content = '' }) => content).join('')).toBe(
      'In the main building.\n\nSources:\n- [Where is it?](https://example.org/1)',
    );
    expect(deltas.at(-2).annotations).toHaveLength(1);
    expect(deltas.at(-1)).toEqual({});
    expect(chunks.map(({ choices }) => choices[0].finish_reason)).toEqual([null, null, null, null, 'stop']);
    expect(chunks.every((chunk) => !('usage' in chunk))).toBe(true);
  });

  test('ends a stream with the usage for a client that asks for it', async () => {
    const options = { stream: true, stream_options: { include_usage: true } };
    const chunks = await readChunks(await createApp().complete(options));
    expect(chunks.at(-2)).toMatchObject({ choices: [], usage: { total_tokens: 120 } });
    expect(chunks.slice(0, -2).every(({ usage }) => usage === null)).toBe(true);
  });

  test('ends a stream with an error, not as done, when sent text became void', async () => {
    const events = [sources, delta('In the '), restart, ...whole];
    const chunks = await readChunks(await createApp({ events }).complete({ stream: true }));
    expect(chunks.at(-1)).toEqual({
      error: {
        message: 'The answer was interrupted. Please try again.',
        type: 'server_error',
        param: null,
        code: 'service_unavailable',
      },
    });
  });

  test('goes on with a stream that begins anew before any text', async () => {
    const chunks = await readChunks(
      await createApp({ events: [sources, restart, ...whole] }).complete({ stream: true }),
    );
    expect(chunks.at(-1)).toBe('[DONE]');
    expect(chunks.filter((chunk) => chunk.choices?.[0]?.delta.role)).toHaveLength(1);
  });

  test('refuses before the first chunk with a status, as without streaming', async () => {
    const overload = new AppError('SERVICE_UNAVAILABLE', 'Too many.', { retryAfterSeconds: 3 });
    const response = await createApp({ events: [overload] }).complete({ stream: true });
    expect(response.status).toBe(503);
    expect(response.headers.get('Retry-After')).toBe('3');
    expect(await response.json()).toMatchObject({ error: { type: 'server_error', message: 'Too many.' } });
  });

  test('keeps nothing unless user and session are named', async () => {
    const { complete, asked } = createApp();
    await complete({});
    await complete({ user: 'ga12abc' });
    await complete({}, { 'X-Session-ID': 'mine' });
    await complete({ user: 'someone with blanks' });
    expect(asked.map(({ remember }) => remember)).toEqual([false, false, false, false]);
    expect(asked.map(({ caller }) => caller.userId)).toEqual([
      'anonymous',
      'ga12abc',
      'anonymous',
      'anonymous',
    ]);
    expect(asked.map(({ caller }) => caller.sessionId)).not.toContain('mine');
  });

  test('goes on with the session of a named user', async () => {
    const { complete, asked } = createApp();
    await complete({ user: 'ga12abc' }, { 'X-Session-ID': 'mine' });
    expect(asked[0]).toMatchObject({
      remember: true,
      caller: { userId: 'ga12abc', sessionId: 'mine' },
      history: undefined,
    });
    const refused = await complete({ user: 'someone with blanks' }, { 'X-Session-ID': 'mine' });
    expect(await refused.json()).toMatchObject({ error: { param: 'user' } });
  });

  test('hands on only the newest turns that can enter a prompt', async () => {
    const { complete, asked } = createApp();
    const turns = [1, 2, 3].flatMap((turn) => [
      { role: 'user', content: `question ${turn}` },
      { role: 'assistant', content: `answer ${turn}` },
    ]);
    await complete({ messages: [...turns, { role: 'user', content: 'And now?' }] });
    expect(asked[0]?.history?.map(({ question }) => question)).toEqual(['question 2', 'question 3']);
  });

  test.each([
    [{ n: 3 }, 'n'],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }, 'messages[0].content'],
    [{ messages: [{ role: 'system', content: 'Hi' }] }, 'messages'],
  ])('names the parameter that it refuses: %o', async (body, param) => {
    const response = await createApp().complete(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: { message: expect.any(String), type: 'invalid_request_error', param, code: null },
    });
  });

  test('says in OpenAI’s words that a limit is reached', async () => {
    const refusal = new AppError('RATE_LIMIT_EXCEEDED', 'Too many questions.', { retryAfterSeconds: 60 });
    const response = await createApp({ refusal }).complete({});
    expect(response.status).toBe(429);
    expect(await response.json()).toEqual({
      error: { message: 'Too many questions.', type: 'requests', param: null, code: 'rate_limit_exceeded' },
    });
  });
});

describe('a configured key', () => {
  const keys = ['key-1', 'key-2'];

  test.each([
    [undefined, 401],
    ['Bearer wrong', 401],
    ['Basic key-1', 401],
    ['Bearer key-2', 200],
  ])('decides who may ask: %s gets %i', async (authorization, status) => {
    const { app, complete } = createApp({ keys });
    const headers: Record<string, string> = authorization ? { Authorization: authorization } : {};
    const replies = [await complete({}, headers), await app.request('/v1/models', { headers })];
    expect(replies.map((reply) => reply.status)).toEqual([status, status]);
    if (status === 401)
      expect(await replies[0]?.json()).toMatchObject({ error: { code: 'invalid_api_key' } });
  });
});

describe('GET /v1/models', () => {
  test('lists the one model, and knows no other', async () => {
    const { app } = createApp();
    expect(await (await app.request('/v1/models')).json()).toMatchObject({
      object: 'list',
      data: [{ id: 'tum-chatbot', object: 'model' }],
    });
    expect((await app.request('/v1/models/tum-chatbot')).status).toBe(200);
    const unknown = await app.request('/v1/models/gpt-4');
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ error: { param: 'model', code: 'model_not_found' } });
  });
});
