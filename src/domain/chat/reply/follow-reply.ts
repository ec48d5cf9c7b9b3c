import type { Clock } from '../../clock.ts';
import { AppError } from '../../errors.ts';
import type { ChatAnswer, Source } from '../chat-answer.ts';
import type { ChatEvent } from '../chat-event.ts';
import type { Transport } from '../chat-request.ts';
import type { ChatStore, ClaimKey } from '../chat-store.ts';
import type { ReplyStream } from './reply-stream.ts';

const pollMs = 100;
/** Every so many polls the claim itself is looked at, and the writer told that someone reads. */
const pollsPerCheck = 5;

export function createStoppedError(): AppError {
  return new AppError('CONFLICT', 'This answer was stopped.');
}

/** What stopped one replica, and then another, stops no third. */
export function createExhaustedError(): AppError {
  return new AppError(
    'SERVICE_UNAVAILABLE',
    'This question could not be answered. Please ask it in other words.',
    {
      retryAfterSeconds: 60,
    },
  );
}

export interface FollowReplyDependencies {
  chatStore: ChatStore;
  replyStream: Pick<ReplyStream, 'read'>;
  clock: Clock;
  limitMs: number;
}

export type FollowReply = ReturnType<typeof createFollowReply>;

/**
 * Reads an answer that another replica writes. Returns `ended` after `done`, or `orphaned` when the writer's lease has
 * run out: the caller then claims the question itself.
 * @throws AppError when the answer was stopped, or does not come in time.
 */
export function createFollowReply({ chatStore, replyStream, clock, limitMs }: FollowReplyDependencies) {
  return async function* follow(
    claim: ClaimKey,
    firstGeneration: string,
    listener: { transport: Transport; signal: AbortSignal },
  ): AsyncGenerator<ChatEvent, 'ended' | 'orphaned'> {
    const endsAtMs = clock.now() + limitMs;
    let generation = firstGeneration;
    let cursor: string | undefined;
    let text = '';

    const restart = (next: string): ChatEvent => {
      [generation, cursor, text] = [next, undefined, ''];
      return { type: 'restart', generation, offset: 0 };
    };

    for (let poll = 0; !listener.signal.aborted; poll += 1) {
      const read = await replyStream.read(generation, cursor);
      cursor = read.cursor;
      let hasEnded = false;
      for (const record of read.records) {
        if (record.type === 'sources') {
          yield { type: 'sources', generation, offset: 0, sources: record.sources as readonly Source[] };
        } else if (record.type === 'text') {
          text += record.text;
          yield { type: 'delta', generation, offset: text.length, text: record.text };
        } else if (record.type === 'restart') {
          yield restart(record.generation);
          break;
        } else hasEnded = true;
      }
      if (hasEnded || poll % pollsPerCheck === pollsPerCheck - 1) {
        if (listener.transport === 'stream') await chatStore.noteReader(claim);
        const found = await chatStore.find(claim);
        if (!found || found.claim.state === 'conflict' || found.claim.state === 'exhausted')
          return 'orphaned';
        if (found.claim.state === 'stopped') throw createStoppedError();
        if (found.claim.state === 'done') {
          yield* finish(found.claim.generation, found.claim.answer);
          return 'ended';
        }
        if (!found.leaseLive) return 'orphaned';
        if (found.claim.generation !== generation) yield restart(found.claim.generation);
      }
      if (clock.now() > endsAtMs) {
        throw new AppError('SERVICE_UNAVAILABLE', 'The answer did not come in time.', {
          retryAfterSeconds: 5,
        });
      }
      await clock.sleep(pollMs, listener.signal).catch(() => {});
    }
    return 'ended';

    /** The rest of the text, which the store may have missed, then the result. */
    function* finish(finalGeneration: string, answer: ChatAnswer): Iterable<ChatEvent> {
      if (finalGeneration !== generation || !answer.response.startsWith(text)) yield restart(finalGeneration);
      const offset = answer.response.length;
      if (text === '') yield { type: 'sources', generation, offset: 0, sources: answer.sources };
      if (offset > text.length)
        yield { type: 'delta', generation, offset, text: answer.response.slice(text.length) };
      yield { type: 'done', generation, offset, answer };
    }
  };
}
