import {
  type CallerHeaders,
  type ChatReply,
  parseServiceError,
  ServiceError,
  type Source,
} from './chat-api.ts';
import { readEventStream } from './event-stream.ts';

export interface Question {
  message: string;
  role?: string | undefined;
  campus?: string | undefined;
  /** The same for every try, so that the service answers once. */
  idempotencyKey: string;
}

export type AnswerEvent =
  /** The service has taken the question; the id opens its stream again. */
  | { type: 'accepted'; requestId: string }
  | { type: 'sources'; sources: Source[] }
  | { type: 'delta'; text: string }
  /** What was written so far no longer counts. */
  | { type: 'restart' }
  | { type: 'reconnecting' }
  | { type: 'done'; reply: ChatReply }
  /** The service has tried what it could: the page does not try on its own. */
  | { type: 'failed'; error: ServiceError };

export interface AnswerStreamDependencies {
  fetch: typeof fetch;
  callerHeaders: CallerHeaders;
  /** Waits before another try; rejects when the signal aborts. */
  pause(durationMs: number, signal: AbortSignal): Promise<void>;
}

/** The service sends a comment every 15 s; two missed and some slack mean that nobody is there. */
const idleMs = 40_000;
const triesWithoutProgress = 6;
const firstPauseMs = 500;
const longestPauseMs = 8_000;

/** What the service may get over within seconds: no replica free, one just stopping, one too slow. */
const passingStatuses = [502, 503, 504];

export type StreamAnswer = ReturnType<typeof createAnswerStream>;

/**
 * Asks a question and follows its answer through lost connections: the stream is opened again where it broke
 * off, and if the service no longer knows it, the question is sent again under the same key.
 */
export const createAnswerStream = ({ fetch, callerHeaders, pause }: AnswerStreamDependencies) => {
  const ask = (question: Question, signal: AbortSignal) =>
    fetch('/api/chat', {
      method: 'POST',
      headers: {
        ...callerHeaders(),
        Accept: 'text/event-stream',
        'Content-Type': 'application/json',
        'Idempotency-Key': question.idempotencyKey,
      },
      body: JSON.stringify({
        message: question.message,
        user_role: question.role,
        user_campus: question.campus,
      }),
      signal,
    });

  const resume = (requestId: string, lastEventId: string | undefined, signal: AbortSignal) =>
    fetch(`/api/chat/${encodeURIComponent(requestId)}/stream`, {
      headers: {
        ...callerHeaders(),
        Accept: 'text/event-stream',
        ...(lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }),
      },
      signal,
    });

  /**
   * @param knownRequestId of an answer that began before the page was loaded again
   * @throws ServiceError when the service refuses or fails; what `fetch` threw once all tries are used up;
   *   the signal's reason
   */
  return async function* streamAnswer(
    question: Question,
    signal: AbortSignal,
    knownRequestId?: string,
  ): AsyncGenerator<AnswerEvent> {
    let requestId = knownRequestId;
    let lastEventId: string | undefined;
    let failures = 0;

    while (true) {
      const connection = new AbortController();
      const eitherSignal = AbortSignal.any([signal, connection.signal]);
      try {
        const response = await (requestId === undefined
          ? ask(question, eitherSignal)
          : resume(requestId, lastEventId, eitherSignal));
        if (response.status === 404 && requestId !== undefined) {
          requestId = undefined;
          lastEventId = undefined;
          yield { type: 'restart' };
          continue;
        }
        if (!response.ok || response.body === null) throw await parseServiceError(response);

        requestId ??= response.headers.get('X-Request-ID') ?? undefined;
        if (requestId !== undefined) yield { type: 'accepted', requestId };

        for await (const message of readEventStream(response.body, idleMs)) {
          failures = 0;
          lastEventId = message.id ?? lastEventId;
          const event = parseAnswerEvent(message.event, message.data);
          if (event === undefined) continue;
          yield event;
          if (event.type === 'done' || event.type === 'failed') return;
        }
        throw new TypeError('The stream ended before the answer did.');
      } catch (error) {
        signal.throwIfAborted();
        failures += 1;
        if (!mayPass(error) || failures >= triesWithoutProgress) throw error;
        yield { type: 'reconnecting' };
        await pause(pauseMs(failures, error), signal);
        // Without an event the reply has not begun, or its beginning is lost: the next one tells it whole.
        if (lastEventId === undefined) yield { type: 'restart' };
      } finally {
        connection.abort();
      }
    }
  };
};

const mayPass = (error: unknown) =>
  !(error instanceof ServiceError) || passingStatuses.includes(error.status);

/** Doubles from try to try, with jitter, so that the readers of a dead replica do not all come at once. */
const pauseMs = (failures: number, error: unknown) => {
  const asked = error instanceof ServiceError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
  const growing = firstPauseMs * 2 ** (failures - 1) * (0.5 + Math.random());
  return Math.min(Math.max(asked, growing), longestPauseMs);
};

const parseAnswerEvent = (type: string | undefined, data: string): AnswerEvent | undefined => {
  switch (type) {
    case 'sources':
      return { type, sources: JSON.parse(data) as Source[] };
    case 'delta':
      return { type, text: (JSON.parse(data) as { text: string }).text };
    case 'restart':
      return { type };
    case 'done':
      return { type, reply: JSON.parse(data) as ChatReply };
    case 'error': {
      const body = JSON.parse(data) as { error: string; status_code: number };
      return { type: 'failed', error: new ServiceError(body.status_code, body.error) };
    }
    default:
      return undefined;
  }
};
