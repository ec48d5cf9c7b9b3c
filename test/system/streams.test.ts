import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Service } from '../../infra/local/service.ts';
import { chatReplySchema } from '../../src/http/schemas.ts';
import { type GeminiServer, startGeminiServer } from '../gemini-server/gemini-server.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { canteenQuestion } from './canteen-question.ts';
import { type EventStream, textOf } from './event-stream.ts';
import { startTestStack, type TestStack } from './stack.ts';

let gemini: GeminiServer;
let stack: TestStack;
let nginx: ApiClient;
let asked = 0;

beforeAll(async () => {
  gemini = await startGeminiServer();
  stack = await startTestStack({ geminiUrl: gemini.url });
  nginx = createApiClient(stack.nginx.url);
});

afterEach(async () => {
  gemini.setScript({});
  gemini.clearCalls();
  for (const replica of stack.replicas()) await replica.start();
});

afterAll(async () => {
  await stack?.stop();
  await gemini?.close();
});

/** Eight parts, one after the other. */
const slowly = (chunkDelayMs: number) => gemini.setScript({ chunks: 8, chunkDelayMs });
const newCaller = () => ({ userId: 'reader', sessionId: `stream-${++asked}` });
/** Different each time, so that no answer comes from the cache. */
const newQuestion = () => canteenQuestion(++asked);
const modelCalls = () => gemini.calls().filter(({ method }) => method === 'streamGenerateContent');

const writerOf = (stream: EventStream) =>
  stack.replicas().find(({ name }) => name === stream.replica) as Service;
const otherThan = (stream: EventStream) =>
  createApiClient(stack.replicas().find(({ name }) => name !== stream.replica)?.url ?? '');

async function answerOf(stream: EventStream) {
  return chatReplySchema.parse((await stream.until('done')).data);
}
const lastIdOf = ({ events }: EventStream) => events.findLast(({ id }) => id !== undefined)?.id;

describe('an answer as a stream', () => {
  test('comes as sources, text as it is written, and the whole reply', async () => {
    slowly(50);
    const caller = newCaller();
    const stream = await nginx.askStream(newQuestion(), { caller });
    const arrivedBefore = new Map<number, number>();
    await stream.until('delta');
    arrivedBefore.set(stream.events.length, modelCalls()[0]?.endedAt ?? 0);
    const answer = await answerOf(stream);

    expect(await stream.ended).toBe('complete');
    expect(stream.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(stream.headers.get('x-accel-buffering')).toBe('no');
    // The first text was here while the model still wrote.
    expect([...arrivedBefore.values()]).toEqual([0]);
    const types = stream.events.map(({ type }) => type);
    expect([types[0], types.at(-1)]).toEqual(['sources', 'done']);
    expect(types.slice(1, -1).every((type) => type === 'delta')).toBe(true);
    expect(types.length).toBeGreaterThanOrEqual(8);
    expect(stream.events.every(({ id }) => id !== undefined)).toBe(true);
    expect(stream.events[0]?.data).toEqual(answer.sources);
    expect(textOf(stream.events)).toBe(answer.response);
    expect(answer).toMatchObject({ request_id: stream.requestId, session_id: caller.sessionId });
    expect((await nginx.history(caller)).map((turn) => turn.answer)).toEqual([answer.response]);
  });

  test('that the model does not finish properly becomes the entry itself, never half an answer', async () => {
    for (const kind of ['cut', 'early_end', 'garbage'] as const) {
      gemini.setScript({ faults: [{ kind, methods: ['streamGenerateContent'] }] });
      const caller = newCaller();
      const stream = await nginx.askStream(newQuestion(), { caller });
      const answer = await answerOf(stream);
      expect(answer).toMatchObject({ answered_by: 'knowledge_base', degraded: ['gemini'] });
      expect(textOf(stream.events)).toBe(answer.response);
      expect((await nginx.history(caller)).map((turn) => turn.answer)).toEqual([answer.response]);
    }
  });

  test('of bad input is refused like any other', async () => {
    const stream = await nginx.askStream('');
    expect([stream.status, stream.headers.get('content-type')]).toEqual([400, 'application/json']);
  });
});

describe('a client that comes back', () => {
  test('reads on where it was, on another replica, while the answer is written', async () => {
    slowly(150);
    const caller = newCaller();
    const first = await nginx.askStream(newQuestion(), { caller });
    await first.until('delta');
    first.leave();
    await first.ended;

    const second = await otherThan(first).resume(first.requestId, caller, lastIdOf(first));
    expect(second.replica).not.toBe(first.replica);
    const answer = await answerOf(second);

    expect(second.events.map(({ type }) => type)).not.toContain('restart');
    expect(textOf([...first.events, ...second.events])).toBe(answer.response);
    expect(modelCalls()).toHaveLength(1);
    expect(await nginx.history(caller)).toHaveLength(1);
  });

  test('reads on where it was, on the replica that writes', async () => {
    slowly(100);
    const caller = newCaller();
    const first = await nginx.askStream(newQuestion(), { caller });
    await first.until('delta');
    first.leave();
    await first.ended;
    const second = await createApiClient(writerOf(first).url).resume(
      first.requestId,
      caller,
      lastIdOf(first),
    );
    const answer = await answerOf(second);
    expect(textOf([...first.events, ...second.events])).toBe(answer.response);
    expect(modelCalls()).toHaveLength(1);
  });

  test('gets the rest of a finished answer, from any event and from any replica', async () => {
    const caller = newCaller();
    const whole = await nginx.askStream(newQuestion(), { caller });
    const answer = await answerOf(whole);
    const ids = [undefined, ...whole.events.map(({ id }) => id)];
    for (const [seen, id] of ids.entries()) {
      for (const { url } of stack.replicas()) {
        const rest = await createApiClient(url).resume(whole.requestId, caller, id);
        expect(await answerOf(rest)).toEqual(answer);
        expect(textOf([...whole.events.slice(0, seen), ...rest.events])).toBe(answer.response);
      }
    }
  });

  test('is known by the request id of each of its tries', async () => {
    slowly(100);
    const caller = newCaller();
    const question = newQuestion();
    const headers = { 'Idempotency-Key': `tries-of-${caller.sessionId}` };
    const first = await nginx.askStream(question, { caller, headers });
    const second = await nginx.askStream(question, { caller, headers });
    expect(second.requestId).not.toBe(first.requestId);
    await second.until('delta');
    second.leave();

    const resumed = await nginx.resume(second.requestId, caller, lastIdOf(second));
    const answer = await answerOf(resumed);
    expect(await answerOf(first)).toEqual(answer);
    expect(textOf([...second.events, ...resumed.events])).toBe(answer.response);
  });

  test('is told to start anew when its events are of no use any more', async () => {
    const caller = newCaller();
    const whole = await nginx.askStream(newQuestion(), { caller });
    const answer = await answerOf(whole);
    for (const id of ['00000000000000000000000000000000-12', 'no such id']) {
      const again = await nginx.resume(whole.requestId, caller, id);
      expect(await answerOf(again)).toEqual(answer);
      expect(textOf([...whole.events, ...again.events])).toBe(answer.response);
    }
  });

  test('must be the one who asked', async () => {
    slowly(100);
    const caller = newCaller();
    const stream = await nginx.askStream(newQuestion(), { caller });
    await stream.until('delta');
    for (const other of [
      { userId: 'stranger', sessionId: caller.sessionId },
      { userId: caller.userId, sessionId: 'another' },
      { sessionId: caller.sessionId },
    ]) {
      const stolen = await nginx.resume(stream.requestId, other);
      expect(stolen.status).toBe(404);
      const path = `/api/chat/${stream.requestId}/stop`;
      const { body } = await nginx.send('POST', path, { caller: other });
      expect(body).toMatchObject({ stopped: false });
    }
    await stream.until('done');
  });
});

describe('the replica that writes is killed', () => {
  test('and every reader gets the whole answer from another, the question standing once in history', async () => {
    slowly(300);
    const caller = newCaller();
    const first = await nginx.askStream(newQuestion(), { caller });
    await first.until('delta');
    const follower = await otherThan(first).resume(first.requestId, caller, lastIdOf(first));
    await follower.until('delta');
    const seen = first.events.length;
    await writerOf(first).kill();
    expect(await first.ended).toBe('broken');

    const second = await nginx.resume(first.requestId, caller, lastIdOf(first));
    const answer = await answerOf(second);
    expect(seen).toBeGreaterThan(0);
    expect(second.events[0]?.type).toBe('restart');
    expect(textOf([...first.events, ...second.events])).toBe(answer.response);

    expect(await answerOf(follower)).toEqual(answer);
    expect(textOf([...first.events, ...follower.events])).toBe(answer.response);
    expect((await nginx.history(caller)).map((turn) => turn.answer)).toEqual([answer.response]);
  });
});

describe('the model’s call ends', () => {
  const closingOf = async () => {
    await expect.poll(() => gemini.openCalls(), { interval: 5 }).toBe(0);
    const [call, ...more] = modelCalls();
    expect(more).toEqual([]);
    return { closedEarly: call?.closedEarly, endedAtMs: call?.endedAt ?? 0 };
  };

  test('within 200 ms of a stop, whichever replica is told', async () => {
    slowly(2000);
    const caller = newCaller();
    const stream = await nginx.askStream(newQuestion(), { caller });
    await stream.until('delta');
    const stoppedAtMs = Date.now();
    const path = `/api/chat/${stream.requestId}/stop`;
    const { body } = await otherThan(stream).send('POST', path, { caller });
    const { closedEarly, endedAtMs } = await closingOf();

    expect(body).toMatchObject({ stopped: true });
    expect(closedEarly).toBe(true);
    expect(endedAtMs - stoppedAtMs).toBeLessThan(200);
    expect((await stream.until('error')).data).toMatchObject({ code: 'CONFLICT' });
    expect((await nginx.send('POST', path, { caller })).body).toMatchObject({ stopped: false });
    expect((await nginx.send('GET', `/api/session/${caller.sessionId}`, { caller })).status).toBe(404);
  });

  test('at once when the client of a plain reply is gone', async () => {
    slowly(2000);
    const client = new AbortController();
    const asking = nginx.ask(newQuestion(), { caller: newCaller(), signal: client.signal });
    await expect.poll(() => gemini.openCalls(), { interval: 5 }).toBe(1);
    const leftAtMs = Date.now();
    client.abort();
    await expect(asking).rejects.toThrow();
    const { closedEarly, endedAtMs } = await closingOf();
    expect(closedEarly).toBe(true);
    expect(endedAtMs - leftAtMs).toBeLessThan(500);
  });

  test('15 s after the client of a stream went away for good; who stays hears a heartbeat meanwhile', async () => {
    // The first call, the one of the client that stays, is silent until it is given up and tried again.
    gemini.setScript({
      latencyMs: 8000,
      chunks: 8,
      chunkDelayMs: 8000,
      faults: [{ kind: 'stall_before_headers', times: 1, methods: ['streamGenerateContent'] }],
    });
    const staying = await nginx.askStream(newQuestion(), { caller: newCaller() });
    await expect.poll(() => modelCalls().length).toBe(1);
    const leaving = await nginx.askStream(newQuestion(), { caller: newCaller() });
    await expect.poll(() => modelCalls().length).toBe(2);
    const abandoned = modelCalls()[1];
    leaving.leave();
    const leftAtMs = Date.now();

    await expect.poll(() => abandoned?.endedAt, { timeout: 20_000, interval: 100 }).toBeDefined();
    const absenceMs = (abandoned?.endedAt ?? 0) - leftAtMs;
    expect(abandoned?.closedEarly).toBe(true);
    expect(absenceMs).toBeGreaterThan(14_500);
    expect(absenceMs).toBeLessThan(17_000);
    expect(staying.comments.length).toBeGreaterThan(0);
    staying.leave();
  });
});
