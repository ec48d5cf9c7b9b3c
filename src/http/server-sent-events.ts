import type { Context } from 'hono';
import type { AppEnv } from './app-env.ts';

const heartbeatMs = 15_000;
/** How long the first event is waited for, so that an early refusal is a plain error with its status. */
const firstFrameMs = 1000;
const heartbeat = ': keep-alive\n\n';

export interface ServerSentEvent {
  /** Absent for unnamed events. */
  event?: string;
  id?: string;
  /** JSON, or a word such as `[DONE]`. */
  data: string;
}

/**
 * One event in the format of https://html.spec.whatwg.org/multipage/server-sent-events.html. Its data is JSON, so that
 * U+2028 and U+2029, which some clients take for the end of a line, can be sent escaped.
 */
export function formatEvent({ event, id, data }: ServerSentEvent): string {
  const escaped = data.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
  const lines = escaped.split(/\r\n|\r|\n/).map((line) => `data: ${line}`);
  return `${event === undefined ? '' : `event: ${event}\n`}${id === undefined ? '' : `id: ${id}\n`}${lines.join('\n')}\n\n`;
}

/**
 * Sends events as they come, no faster than the client reads, with a comment every 15 s of silence.
 * `open` gets a signal that aborts when the client is gone. An error before the first event is thrown; a later one
 * becomes the event that `ofError` makes of it.
 */
export async function streamEvents(
  c: Context<AppEnv>,
  open: (clientGone: AbortSignal) => AsyncIterable<ServerSentEvent>,
  ofError: (error: unknown) => ServerSentEvent,
): Promise<Response> {
  const client = new AbortController();
  const requestSignal = c.req.raw.signal;
  const leave = () => client.abort();
  // Node keeps a request, and all that hangs on it, for as long as somebody listens to its signal.
  const forget = () => requestSignal.removeEventListener('abort', leave);
  requestSignal.addEventListener('abort', leave);
  const events = open(client.signal)[Symbol.asyncIterator]();
  let next = events.next();
  await firstOf(next, firstFrameMs).catch((error: unknown) => {
    forget();
    throw error;
  });
  next.catch(() => {});

  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const result = await firstOf(next, heartbeatMs);
          if (result === undefined) return controller.enqueue(encoder.encode(heartbeat));
          if (result.done) {
            forget();
            return controller.close();
          }
          controller.enqueue(encoder.encode(formatEvent(result.value)));
          next = events.next();
          next.catch(() => {});
        } catch (error) {
          forget();
          if (!client.signal.aborted) controller.enqueue(encoder.encode(formatEvent(ofError(error))));
          controller.close();
        }
      },
      async cancel() {
        forget();
        leave();
        await events.return?.();
      },
    },
    { highWaterMark: 0 },
  );
  return c.body(body, 200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store, no-transform',
    'X-Accel-Buffering': 'no',
    // Else node-server looks for a second event before it sends the first.
    'Transfer-Encoding': 'chunked',
  });
}

/** What `work` gives, or undefined if that takes longer than `limitMs`. */
async function firstOf<T>(work: Promise<T>, limitMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, limitMs, undefined);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
