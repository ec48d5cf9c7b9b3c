import type { IncomingMessage } from 'node:http';
import { createParser } from 'eventsource-parser';
import type { ModelHttp } from './model-http.ts';
import { type ModelRequest, sendRequest } from './send-request.ts';

/** Events of a reply, handed over as they arrive, all that have come at once. */
export interface EventStream<Event> {
  /**
   * The events since the last call, at least one; undefined when the reply has ended whole.
   * @throws what `parse` threw, or the connection's error. One call at a time.
   */
  next(): Promise<readonly Event[] | undefined>;
  /** Ends the reply; one that has been read to its end leaves its connection for others. */
  close(): void;
}

/** What shows that a server is alive; after `end` nothing more is to come. */
export type SignOfLife = 'headers' | 'bytes' | 'end';

export interface EventStreamOptions<Event> extends ModelRequest {
  http: ModelHttp;
  /** Reads the data of one event; undefined leaves it out. */
  parse: (data: string) => Event | undefined;
  onSignOfLife: (sign: SignOfLife) => void;
}

/** Far more than a whole answer. */
const largestEventCharacters = 4 * 1024 * 1024;

/**
 * Sends a request whose reply is a stream of server-sent events. Each event is parsed where its bytes arrive, so that
 * a reader pays for one promise per arrival, however many events that brings.
 * @throws as sendRequest.
 */
export async function openEventStream<Event>(
  options: EventStreamOptions<Event>,
): Promise<EventStream<Event>> {
  const response = await sendRequest(options.http, options);
  options.onSignOfLife('headers');
  return readEvents(response, options);
}

function readEvents<Event>(
  response: IncomingMessage,
  { parse, onSignOfLife, signal }: EventStreamOptions<Event>,
): EventStream<Event> {
  let arrived: Event[] = [];
  let end: { error?: unknown } | undefined;
  let wake: (() => void) | undefined;

  function finish(how: { error?: unknown }) {
    end ??= how;
    wake?.();
  }

  const parser = createParser({
    maxBufferSize: largestEventCharacters,
    onEvent({ data }) {
      if (data === '[DONE]') return;
      const event = parse(data);
      if (event !== undefined) arrived.push(event);
    },
    onError(error) {
      if (error.type === 'max-buffer-size-exceeded') throw error;
    },
  });

  function feed(text: string) {
    if (end) return;
    try {
      parser.feed(text);
      if (arrived.length > 0) wake?.();
    } catch (error) {
      finish({ error });
      response.destroy();
    }
  }

  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    onSignOfLife('bytes');
    feed(text);
  });
  response.on('end', () => {
    // The last event may lack the empty line that ends it.
    feed('\n\n');
    onSignOfLife('end');
    finish({});
  });
  response.on('error', (error) => finish({ error: signal.aborted ? signal.reason : error }));
  response.on('close', () =>
    finish({ error: signal.aborted ? signal.reason : new Error('The reply was cut') }),
  );

  return {
    async next() {
      if (arrived.length === 0 && !end) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
      }
      if (arrived.length > 0) {
        const events = arrived;
        arrived = [];
        return events;
      }
      if (end && 'error' in end) throw end.error;
      return undefined;
    },
    close() {
      if (!response.complete) response.destroy();
    },
  };
}
