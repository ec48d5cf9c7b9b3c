import { getEventListeners } from 'node:events';
import { createParser } from 'eventsource-parser';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import type { AppEnv } from '../../src/http/app-env.ts';
import { formatEvent, type ServerSentEvent, streamEvents } from '../../src/http/server-sent-events.ts';

function parse(text: string) {
  const events: unknown[] = [];
  createParser({ onEvent: ({ event, id, data }) => void events.push({ event, id, data }) }).feed(text);
  return events;
}

describe('an event', () => {
  test.each([
    'one line',
    'two\nlines',
    'a\r\nmixed\rbag\n',
    '',
    'data: looks like a field',
    '{"text":"Grüße 🎓"}',
  ])('arrives as it was: %j', (data) => {
    const event = { event: 'delta', id: 'a-1', data };
    expect(parse(formatEvent(event))).toEqual([{ ...event, data: data.replace(/\r\n?/g, '\n') }]);
  });

  test('holds no line separator that a client could take for the end of a line', () => {
    const text = 'one\u2028two\u2029three';
    const sent = formatEvent({ data: JSON.stringify({ text }) });
    expect(sent).not.toMatch(/[\u2028\u2029]/);
    expect(JSON.parse(sent.replace(/^data: /, ''))).toEqual({ text });
  });

  test('needs no name and no id', () => {
    expect(formatEvent({ data: '[DONE]' })).toBe('data: [DONE]\n\n');
  });
});

describe('a stream', () => {
  const get = (open: (signal: AbortSignal) => AsyncIterable<ServerSentEvent>) => {
    const app = new Hono<AppEnv>();
    app.onError((error, c) => c.text(error.message, 418));
    app.get('/', (c) => streamEvents(c, open, (error) => ({ event: 'error', data: String(error) })));
    return app.request('/');
  };

  test('ends with the event of an error that comes after the first event', async () => {
    const reply = await get(async function* () {
      yield { event: 'delta', data: 'half' };
      throw new Error('broken');
    });
    expect(reply.status).toBe(200);
    expect(parse(await reply.text())).toMatchObject([
      { event: 'delta', data: 'half' },
      { event: 'error', data: 'Error: broken' },
    ]);
  });

  test('is no stream at all when the error comes first', async () => {
    const reply = await get(async function* () {
      yield* await Promise.reject<ServerSentEvent[]>(new Error('refused'));
    });
    expect([reply.status, await reply.text()]).toEqual([418, 'refused']);
  });

  // Node holds on to a Request while its signal is listened to: every stream would stay in memory.
  test.each<[string, () => AsyncIterable<ServerSentEvent>, (reply: Response) => Promise<unknown>]>([
    [
      'complete',
      async function* () {
        yield { data: 'all' };
      },
      (reply) => reply.text(),
    ],
    [
      'broken',
      async function* () {
        yield { data: 'half' };
        throw new Error('broken');
      },
      (reply) => reply.text(),
    ],
    [
      'refused',
      async function* () {
        yield* await Promise.reject<ServerSentEvent[]>(new Error('refused'));
      },
      (reply) => reply.text(),
    ],
    [
      'left',
      async function* () {
        yield { data: 'half' };
        yield { data: 'rest' };
      },
      async (reply) => reply.body?.cancel(),
    ],
  ])('that is %s does not listen to its request any more', async (_, open, end) => {
    let requestSignal: AbortSignal | undefined;
    const app = new Hono<AppEnv>();
    app.onError((error, c) => c.text(error.message));
    app.get('/', (c) => {
      requestSignal = c.req.raw.signal;
      return streamEvents(c, open, (error) => ({ data: String(error) }));
    });
    const request = new Request('http://replica.test/', { signal: new AbortController().signal });
    const listeners = getEventListeners(request.signal, 'abort').length;
    await end(await app.request(request));
    expect(getEventListeners(requestSignal ?? request.signal, 'abort')).toHaveLength(listeners);
  });

  test('is read no faster than the client reads, and let go when it leaves', async () => {
    let made = 0;
    let isLeft = false;
    const reply = await get(async function* (signal) {
      signal.addEventListener('abort', () => {
        isLeft = true;
      });
      for (;;) yield { data: String(++made) };
    });
    const reader = reply.body?.getReader();
    await reader?.read();
    await reader?.read();
    expect(made).toBeLessThan(5);
    await reader?.cancel();
    expect(isLeft).toBe(true);
  });
});
