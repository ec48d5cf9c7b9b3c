import { describe, expect, test } from 'vitest';
import { type AnswerEvent, createAnswerStream } from '../../src/web/page/answer-stream.ts';
import { ServiceError } from '../../src/web/page/chat-api.ts';

const caller = { 'X-User-ID': 'web-1', 'X-Session-ID': 'page-1' };
const question = { message: 'Where is the library?', role: 'student', idempotencyKey: 'ask-0123456789' };
const reply = {
  request_id: 'r1',
  session_id: 'page-1',
  response: 'In the main building.',
  sources: [],
  confidence: 'high',
  answered_by: 'model',
};

const event = (type: string, data: unknown, id: string) =>
  `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
const opening = event('sources', [], 'g1-0') + event('delta', { text: 'In the ' }, 'g1-7');
const ending = event('delta', { text: 'main building.' }, 'g1-21') + event('done', reply, 'g1-21');

/** A body in pieces of odd sizes, which ends or breaks as a connection does. */
const streamOf = (text: string, end: 'closed' | 'cut' = 'closed') =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length; at += 7) controller.enqueue(bytes.slice(at, at + 7));
      if (end === 'closed') controller.close();
    },
    pull(controller) {
      if (end === 'cut') controller.error(new TypeError('network error'));
    },
  });

const streamed = (text: string, end?: 'closed' | 'cut') =>
  new Response(streamOf(text, end), { headers: { 'X-Request-ID': 'r1' } });
const refused = (status: number, headers: Record<string, string> = {}) =>
  Response.json({ error: 'No.', code: 'X', status_code: status }, { status, headers });

interface Call {
  method: string;
  path: string;
  headers: Headers;
  body: unknown;
}

/** A service that gives these answers in turn; `undefined` is a connection that fails. */
const createService = (answers: (Response | undefined)[]) => {
  const calls: Call[] = [];
  const pauses: number[] = [];
  const scriptedFetch: typeof fetch = async (input, init = {}) => {
    calls.push({
      method: init.method ?? 'GET',
      path: String(input),
      headers: new Headers(init.headers),
      body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined,
    });
    const answer = answers.shift();
    if (answer === undefined) throw new TypeError('fetch failed');
    return answer;
  };
  const streamAnswer = createAnswerStream({
    fetch: scriptedFetch,
    callerHeaders: () => caller,
    pause: async (durationMs) => void pauses.push(durationMs),
  });
  return { calls, pauses, streamAnswer };
};

/** What the page shows in the end, and the names of the events on the way. */
const follow = async (events: AsyncIterable<AnswerEvent>) => {
  let text = '';
  const types: string[] = [];
  for await (const item of events) {
    types.push(item.type);
    if (item.type === 'delta') text += item.text;
    if (item.type === 'restart') text = '';
  }
  return { text, types };
};

const noStop = () => new AbortController().signal;

describe('an answer', () => {
  test('arrives piece by piece, for the one who asked', async () => {
    const { calls, streamAnswer } = createService([streamed(`: open\n\n${opening}: beat\n\n${ending}`)]);

    const { text, types } = await follow(streamAnswer(question, noStop()));

    expect(text).toBe(reply.response);
    expect(types).toEqual(['accepted', 'sources', 'delta', 'delta', 'done']);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.body).toEqual({ message: question.message, user_role: 'student' });
    expect(calls[0]?.headers.get('Idempotency-Key')).toBe(question.idempotencyKey);
    expect(calls[0]?.headers.get('X-Session-ID')).toBe(caller['X-Session-ID']);
  });

  test.each(['cut', 'closed'] as const)('goes on where the connection was %s', async (end) => {
    const { calls, streamAnswer } = createService([streamed(opening, end), undefined, streamed(ending)]);

    const { text, types } = await follow(streamAnswer(question, noStop()));

    expect(text).toBe(reply.response);
    expect(types.filter((type) => type === 'reconnecting')).toHaveLength(2);
    expect(calls[2]).toMatchObject({ method: 'GET', path: '/api/chat/r1/stream' });
    expect(calls[2]?.headers.get('Last-Event-ID')).toBe('g1-7');
    expect(calls[2]?.headers.get('X-User-ID')).toBe(caller['X-User-ID']);
  });

  test('begins anew when another replica had to take it over', async () => {
    const whole = event('delta', { text: reply.response }, 'g2-21') + event('done', reply, 'g2-21');
    const { streamAnswer } = createService([
      streamed(opening, 'cut'),
      streamed(event('restart', {}, 'g2-0') + whole),
    ]);

    expect((await follow(streamAnswer(question, noStop()))).text).toBe(reply.response);
  });

  test('is asked for again under the same key when the service has forgotten its stream', async () => {
    const { calls, streamAnswer } = createService([
      streamed(opening, 'cut'),
      refused(404),
      streamed(opening + ending),
    ]);

    expect((await follow(streamAnswer(question, noStop()))).text).toBe(reply.response);
    expect(calls[2]?.method).toBe('POST');
    expect(calls[2]?.headers.get('Idempotency-Key')).toBe(question.idempotencyKey);
  });

  test('that began before a reload is told from its start', async () => {
    const { calls, streamAnswer } = createService([streamed(opening + ending)]);

    expect((await follow(streamAnswer(question, noStop(), 'r1'))).text).toBe(reply.response);
    expect(calls[0]).toMatchObject({ method: 'GET', path: '/api/chat/r1/stream' });
    expect(calls[0]?.headers.has('Last-Event-ID')).toBe(false);
  });

  test('waits as long as a busy service asks', async () => {
    const { pauses, streamAnswer } = createService([
      refused(503, { 'Retry-After': '3' }),
      streamed(opening + ending),
    ]);

    expect((await follow(streamAnswer(question, noStop()))).text).toBe(reply.response);
    expect(pauses).toEqual([3000]);
  });
});

describe('no answer', () => {
  test('comes of a refusal, which says when to come back', async () => {
    const { calls, streamAnswer } = createService([refused(429, { 'Retry-After': '120' })]);

    const failure = follow(streamAnswer(question, noStop()));

    await expect(failure).rejects.toBeInstanceOf(ServiceError);
    await expect(failure).rejects.toMatchObject({ status: 429, retryAfterSeconds: 120 });
    expect(calls).toHaveLength(1);
  });

  test('comes of an error event, and the question is not sent again', async () => {
    const failed = event('error', { error: 'No.', code: 'INTERNAL_ERROR', status_code: 500 }, 'g1-7');
    const { calls, streamAnswer } = createService([streamed(opening + failed)]);

    expect((await follow(streamAnswer(question, noStop()))).types.at(-1)).toBe('failed');
    expect(calls).toHaveLength(1);
  });

  test('comes of a service that stays away: the page gives up after six tries, ever slower', async () => {
    const { calls, pauses, streamAnswer } = createService([]);

    await expect(follow(streamAnswer(question, noStop()))).rejects.toBeInstanceOf(TypeError);
    expect(calls).toHaveLength(6);
    expect(pauses).toHaveLength(5);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(8_000);
    expect(pauses[4]).toBeGreaterThanOrEqual(4_000);
  });

  test('comes after a stop', async () => {
    const stop = new AbortController();
    const { calls, streamAnswer } = createService([streamed(opening, 'cut'), streamed(ending)]);

    const types: string[] = [];
    const following = (async () => {
      for await (const { type } of streamAnswer(question, stop.signal)) {
        types.push(type);
        if (type === 'delta') stop.abort();
      }
    })();

    await expect(following).rejects.toMatchObject({ name: 'AbortError' });
    expect(types).toEqual(['accepted', 'sources', 'delta']);
    expect(calls).toHaveLength(1);
  });
});
