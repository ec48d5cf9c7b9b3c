import type { ChatAnswer, Source } from './chat-answer.ts';

/**
 * What an asker sees of an answer under way, in order. `generation` and `offset` (characters so far, the event's own
 * included) place an event, so that a reader can go on where it left. `restart` voids the text so far.
 */
export type ChatEvent =
  | { type: 'sources'; generation: string; offset: number; sources: readonly Source[] }
  | { type: 'delta'; generation: string; offset: number; text: string }
  | { type: 'restart'; generation: string; offset: 0 }
  | { type: 'done'; generation: string; offset: number; answer: ChatAnswer };

/** Position of the last event that a reader has seen. */
export interface ReplyPosition {
  generation: string;
  offset: number;
}

/** Event id on the wire: `<generation>-<characters so far>`. */
export function formatPosition(position: ReplyPosition): string {
  return `${position.generation}-${position.offset}`;
}

/** An id that no reply can have is a position in none, so that its reader is told to start anew. */
export function parsePosition(id: string): ReplyPosition {
  const [, generation = '', offset = '0'] = /^([A-Za-z0-9_]{1,64})-(\d{1,9})$/.exec(id) ?? [];
  return { generation, offset: Number(offset) };
}

/** Events of a finished answer, for a reader that has seen nothing of this generation. */
export function* replayAnswer(generation: string, answer: ChatAnswer): Iterable<ChatEvent> {
  const { response, sources } = answer;
  yield { type: 'sources', generation, offset: 0, sources };
  yield { type: 'delta', generation, offset: response.length, text: response };
  yield { type: 'done', generation, offset: response.length, answer };
}

/** Says `restart` wherever the generation changes under way, for whoever has text of the one before. */
export async function* markRestarts(events: AsyncIterable<ChatEvent>): AsyncIterable<ChatEvent> {
  let current: string | undefined;
  for await (const event of events) {
    const { generation } = event;
    if (current !== undefined && generation !== current && event.type !== 'restart') {
      yield { type: 'restart', generation, offset: 0 };
    }
    current = generation;
    yield event;
  }
}

/**
 * Leaves out what a returning reader has: text up to `position`, or, if the generation is another one by now, nothing,
 * after a `restart` that tells the reader to forget its text.
 */
export async function* resumeAfter(
  events: AsyncIterable<ChatEvent>,
  position: ReplyPosition | undefined,
): AsyncIterable<ChatEvent> {
  let seen = position;
  for await (const event of events) {
    if (seen !== undefined && event.generation !== seen.generation) {
      seen = undefined;
      if (event.type !== 'restart') yield { type: 'restart', generation: event.generation, offset: 0 };
    }
    if (seen === undefined || event.type === 'done' || event.type === 'restart') {
      yield event;
    } else if (event.offset > seen.offset && event.type === 'delta') {
      yield { ...event, text: event.text.slice(-(event.offset - seen.offset)) };
    } else if (event.type === 'sources' && seen.offset === 0) {
      // The reader may have seen no more than the `restart` before them; twice does no harm.
      yield event;
    }
    if (seen !== undefined && event.offset > seen.offset) seen = undefined;
  }
}
