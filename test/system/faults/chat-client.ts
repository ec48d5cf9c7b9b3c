import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { createParser, type EventSourceMessage } from 'eventsource-parser';

export interface Question {
  readonly origin: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly message: string;
  readonly idempotencyKey?: string | undefined;
  /** Called once the stream is open. */
  readonly onOpen?: () => void;
}

/** The fields of an answer that the books are kept by. */
export interface Answer {
  readonly request_id: string;
  readonly response: string;
  readonly answered_by: string;
  readonly degraded: readonly string[];
}

/** Longer than the service may ever take for one answer. */
const patienceMs = 60_000;
const firstPauseMs = 200;

/** Asks once for a JSON reply; what happens to it on the way is not this client's to mend. @throws unless it is answered */
export async function askJson(question: Question): Promise<Answer> {
  const reply = await send(question, 'POST', '/api/chat', {});
  const body = await text(reply);
  if (reply.statusCode !== 200) throw new Error(`${reply.statusCode} ${body}`);
  return JSON.parse(body) as Answer;
}

/**
 * Asks for a stream, and goes on with it wherever it breaks, as the chat page does.
 * @throws unless `done` comes in the end, and the text that came before is the answer's
 */
export async function askStream(question: Question): Promise<Answer> {
  const deadlineMs = performance.now() + patienceMs;
  let requestId: string | undefined;
  let lastEventId: string | undefined;
  let shown = '';
  let problem: unknown;

  for (let pauseMs = firstPauseMs; performance.now() < deadlineMs; pauseMs *= 2) {
    try {
      const reply =
        requestId === undefined
          ? await send(question, 'POST', '/api/chat', { Accept: 'text/event-stream' })
          : await send(question, 'GET', `/api/chat/${requestId}/stream`, {
              ...(lastEventId !== undefined && { 'Last-Event-ID': lastEventId }),
            });
      if (reply.statusCode !== 200) throw new Error(`${reply.statusCode} ${await text(reply)}`);
      requestId ??= String(reply.headers['x-request-id']);
      question.onOpen?.();
      for await (const { event, id, data } of readEvents(reply)) {
        if (id !== undefined) lastEventId = id;
        if (event === 'delta') shown += (JSON.parse(data) as { text: string }).text;
        else if (event === 'restart') shown = '';
        else if (event === 'error') throw new Error(data);
        else if (event === 'done') {
          const answer = JSON.parse(data) as Answer;
          if (answer.response !== shown) throw new Error(`"${shown}" was shown for "${answer.response}"`);
          return answer;
        }
      }
      problem = new Error('the stream ended early');
    } catch (error) {
      problem = error;
      // Without an id there is nothing to resume; the question itself may be put again only under a key.
      if (requestId === undefined && question.idempotencyKey === undefined) break;
    }
    await sleep(pauseMs);
  }
  throw problem;
}

/** Each request has a connection of its own, so that none meets a kept one that is being closed. */
async function send(
  { origin, userId, sessionId, message, idempotencyKey }: Question,
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<IncomingMessage> {
  const outgoing = request(`${origin}${path}`, {
    method,
    agent: false,
    headers: {
      'X-User-ID': userId,
      'X-Session-ID': sessionId,
      ...(method === 'POST' && { 'Content-Type': 'application/json' }),
      ...(idempotencyKey !== undefined && { 'Idempotency-Key': idempotencyKey }),
      ...headers,
    },
    signal: AbortSignal.timeout(patienceMs),
  });
  outgoing.end(method === 'POST' ? JSON.stringify({ message }) : undefined);
  const [reply] = (await once(outgoing, 'response')) as [IncomingMessage];
  outgoing.on('error', (error) => reply.destroy(error));
  return reply;
}

async function* readEvents(reply: IncomingMessage): AsyncIterable<EventSourceMessage> {
  const arrived: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => void arrived.push(event) });
  reply.setEncoding('utf8');
  for await (const piece of reply) {
    parser.feed(piece as string);
    yield* arrived.splice(0);
  }
}
