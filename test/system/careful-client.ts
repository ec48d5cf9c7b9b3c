import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient, Caller } from './api-client.ts';
import { type EventStream, type ReceivedEvent, textOf } from './event-stream.ts';

/** What one person saw of one answer, over all its connections. */
export interface CarefulAnswer {
  readonly caller: Required<Caller>;
  readonly question: string;
  /** As put together from the deltas. */
  readonly text: string;
  /** The body of `done`. */
  readonly reply: {
    readonly response: string;
    readonly request_id: string;
    readonly session_id: string;
    readonly sources: unknown[];
  };
  readonly sources: unknown[];
  readonly connections: number;
  readonly restarts: number;
}

export interface CarefulQuestion {
  readonly caller: Required<Caller>;
  readonly question: string;
  /** Told of the replica that serves each connection. */
  readonly onConnected?: (replica: string) => void;
}

const pauseMs = 100;
const mostConnections = 20;

/**
 * Asks for a stream as a careful client does: one that breaks is resumed after the last event seen; one that never began
 * is asked for again under the same Idempotency-Key.
 * @throws Error when the service says `error`, or the answer takes too many connections.
 */
export async function askCarefully(api: ApiClient, asked: CarefulQuestion): Promise<CarefulAnswer> {
  const { caller, question, onConnected } = asked;
  const headers = { 'Idempotency-Key': randomUUID() };
  const events: ReceivedEvent[] = [];
  let requestId: string | undefined;

  const connect = (): Promise<EventStream> =>
    requestId === undefined
      ? api.askStream(question, { caller, headers })
      : api.resume(requestId, caller, events.findLast(({ id }) => id !== undefined)?.id);

  for (let connections = 1; connections <= mostConnections; connections += 1) {
    const stream = await connect().catch(() => undefined);
    if (stream?.status === 200) {
      requestId ??= stream.requestId;
      onConnected?.(stream.replica);
      await stream.ended;
      events.push(...stream.events);
    }
    const last = events.at(-1);
    if (last?.type === 'error') throw new Error(JSON.stringify(last.data));
    if (last?.type === 'done') {
      return {
        ...asked,
        text: textOf(events),
        sources: events.findLast(({ type }) => type === 'sources')?.data as unknown[],
        reply: last.data as CarefulAnswer['reply'],
        connections,
        restarts: events.filter(({ type }) => type === 'restart').length,
      };
    }
    await sleep(pauseMs);
  }
  throw new Error(`no answer after ${mostConnections} connections: ${JSON.stringify(events)}`);
}
