import { EventEmitter, once } from 'node:events';
import { createParser } from 'eventsource-parser';

export interface ReceivedEvent {
  readonly type: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

/** A reply of Server-Sent Events, read in the background as it comes. */
export interface EventStream {
  readonly status: number;
  readonly headers: Headers;
  /** Id under which it can be resumed. */
  readonly requestId: string;
  readonly replica: string;
  /** All that came so far. */
  readonly events: readonly ReceivedEvent[];
  readonly comments: readonly string[];
  /** The first event of that type, now or later; rejects when the stream ends without one. */
  until(type: string): Promise<ReceivedEvent>;
  /** Resolves when nothing more comes, with whether the server ended it properly. */
  readonly ended: Promise<'complete' | 'broken'>;
  /** Closes the connection, as a browser does that goes elsewhere. */
  leave(): void;
}

export async function readEventStream(
  open: (signal: AbortSignal) => Promise<Response>,
): Promise<EventStream> {
  const connection = new AbortController();
  const response = await open(connection.signal);
  const events: ReceivedEvent[] = [];
  const comments: string[] = [];
  const arrivals = new EventEmitter().setMaxListeners(0);
  let isOver = false;

  const parser = createParser({
    onEvent: ({ event = 'message', id, data }) =>
      void events.push({ type: event, id, data: JSON.parse(data) }),
    onComment: (comment) => void comments.push(comment),
  });

  async function readAll(): Promise<'complete' | 'broken'> {
    const decoder = new TextDecoder();
    try {
      for await (const bytes of response.body ?? []) {
        parser.feed(decoder.decode(bytes, { stream: true }));
        arrivals.emit('arrival');
      }
      return 'complete';
    } catch {
      return 'broken';
    } finally {
      isOver = true;
      arrivals.emit('arrival');
    }
  }

  return {
    status: response.status,
    headers: response.headers,
    requestId: response.headers.get('x-request-id') ?? '',
    replica: response.headers.get('x-replica') ?? '',
    events,
    comments,
    async until(type) {
      for (;;) {
        const found = events.find((event) => event.type === type);
        if (found) return found;
        if (isOver) throw new Error(`the stream ended without ${type}: ${JSON.stringify(events)}`);
        await once(arrivals, 'arrival');
      }
    },
    ended: readAll(),
    leave: () => connection.abort(),
  };
}

/** What a client shows after these events, in order: `restart` voids the text before it. */
export function textOf(events: readonly ReceivedEvent[]): string {
  return events.reduce((text, { type, data }) => {
    if (type === 'restart') return '';
    return type === 'delta' ? text + (data as { text: string }).text : text;
  }, '');
}
