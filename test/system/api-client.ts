import type { z } from 'zod';
import { chatReplySchema } from '../../src/http/schemas.ts';
import { type EventStream, readEventStream } from './event-stream.ts';

/** Who asks, as the headers say it. */
export interface Caller {
  readonly userId?: string;
  readonly sessionId?: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  readonly durationMs: number;
}

export type ChatReply = z.infer<typeof chatReplySchema> & {
  readonly replica: string;
  readonly durationMs: number;
};

export interface SendOptions {
  readonly caller?: Caller;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly signal?: AbortSignal;
}

export interface AskOptions extends Omit<SendOptions, 'json'> {
  /** Fields of the body beside the message. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

export type ApiClient = ReturnType<typeof createApiClient>;

/** A client of the service behind `baseUrl`: nginx, or one replica. */
export function createApiClient(baseUrl: string) {
  function request(method: string, path: string, { caller = {}, headers, json, signal }: SendOptions) {
    return fetch(`${baseUrl}${path}`, {
      method,
      headers: {
        ...(caller.userId !== undefined && { 'X-User-ID': caller.userId }),
        ...(caller.sessionId !== undefined && { 'X-Session-ID': caller.sessionId }),
        ...(json !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      ...(signal && { signal }),
    });
  }

  async function send(method: string, path: string, options: SendOptions = {}): Promise<Reply> {
    const startedAtMs = performance.now();
    const response = await request(method, path, options);
    const body: unknown = await response.json();
    const durationMs = performance.now() - startedAtMs;
    return { status: response.status, headers: response.headers, body, durationMs };
  }

  return {
    send,

    /** @throws Error that shows the reply when it is no answer. */
    async ask(message: string, { fields, ...options }: AskOptions = {}): Promise<ChatReply> {
      const reply = await send('POST', '/api/chat', { ...options, json: { message, ...fields } });
      if (reply.status !== 200) throw new Error(`${reply.status}: ${JSON.stringify(reply.body)}`);
      const replica = reply.headers.get('x-replica') ?? '';
      return { ...chatReplySchema.parse(reply.body), replica, durationMs: reply.durationMs };
    },

    /** Questions and answers of a session, oldest first. @throws Error when there is no such session. */
    async history(
      caller: Required<Caller>,
    ): Promise<{ request_id: string; question: string; answer: string }[]> {
      const reply = await send('GET', `/api/session/${caller.sessionId}/history`, { caller });
      if (reply.status !== 200) throw new Error(`${reply.status}: ${JSON.stringify(reply.body)}`);
      return (reply.body as { turns: { request_id: string; question: string; answer: string }[] }).turns;
    },

    /** Asks for the answer as a stream. */
    async askStream(message: string, { fields, headers, ...options }: AskOptions = {}): Promise<EventStream> {
      const accept = { ...headers, Accept: 'text/event-stream' };
      const json = { message, ...fields };
      return readEventStream((signal) =>
        request('POST', '/api/chat', { ...options, headers: accept, json, signal }),
      );
    },

    /** Goes on with a stream after the event of that id, or from its start. */
    async resume(requestId: string, caller: Caller, lastEventId?: string): Promise<EventStream> {
      const headers: Record<string, string> =
        lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId };
      return readEventStream((signal) =>
        request('GET', `/api/chat/${requestId}/stream`, { caller, headers, signal }),
      );
    },
  };
}
