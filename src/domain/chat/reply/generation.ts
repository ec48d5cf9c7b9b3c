import { randomBytes } from 'node:crypto';
import { type Dependency, isDependencyError } from '../../errors.ts';
import type { StatisticsEvent } from '../../statistics/statistics-event.ts';
import type { AnswerCache, AnswerTicket } from '../answer-cache.ts';
import type { Source } from '../chat-answer.ts';
import type { ChatEvent } from '../chat-event.ts';
import type { ChatRequest, Transport } from '../chat-request.ts';
import type { ChatStore, Claim, ClaimKey, OpenedChat } from '../chat-store.ts';
import type { AnswerContext, ComposeAnswer, ComposedAnswer } from '../compose-answer.ts';
import { createExhaustedError, type FollowReply, stoppedError } from './follow-reply.ts';
import { keepLease } from './keep-lease.ts';
import { createReplyLog } from './reply-log.ts';
import type { ReplyStream } from './reply-stream.ts';
import { createReplyWriter } from './write-reply.ts';

/** A stream whose client vanished goes on this long, for the client may come back. */
const absenceLimitMs = 15_000;

/** A finished answer with what surrounds it, for statistics and logs. */
export interface AnsweredQuestion {
  request: ChatRequest;
  composed: ComposedAnswer;
  /** Instant of the first try; every try of a request shares it. */
  askedAt: Date;
  responseTimeMs: number;
}

/** A question that got an error instead of an answer. */
export interface FailedQuestion extends Omit<AnsweredQuestion, 'composed'> {
  requestId: string;
  error: unknown;
}

export interface GenerationDependencies {
  chatStore: ChatStore;
  replyStream: ReplyStream;
  answerCache: AnswerCache;
  composeAnswer: ComposeAnswer;
  follow: FollowReply;
  /** The statistics event of an answer; undefined with statistics off. */
  describeAnswer: (answered: AnsweredQuestion) => StatisticsEvent | undefined;
  /** Takes an event that could not travel with the closing transaction. */
  recordEvent: (event: StatisticsEvent) => void;
  onAnswered: (answered: AnsweredQuestion) => void;
  onFailed: (failed: FailedQuestion) => void;
}

export interface GenerationInput {
  request: ChatRequest;
  claim: ClaimKey;
  owned: Extract<Claim, { state: 'owned' }>;
  opened: Pick<OpenedChat, 'session' | 'turns'>;
  readAhead: AnswerContext['readAhead'];
  answerKey: string | undefined;
  /** For `answerKey`. */
  answerTicket: AnswerTicket | undefined;
  /** What the opening had to do without; `redis` means that there is no claim. */
  degraded: readonly Dependency[];
  transport: Transport;
  startedAtMs: number;
}

/** An answer that this replica writes, whoever reads it. */
export interface Generation {
  /** Its events from the first on; any number of readers. */
  read(signal: AbortSignal): AsyncIterable<ChatEvent>;
  /** True once nobody was left to read it: what is to come is no answer. */
  isAbandoned(): boolean;
  /** Ends it at the asker's wish. */
  stop(): void;
  /** Resolves, never rejects, when nothing more happens. */
  finished: Promise<void>;
}

/** 128 random bits: a reply is found by its generation alone. */
export function createGenerationId(): string {
  return randomBytes(16).toString('hex');
}

/** Writes one answer: composes it, holds the lease meanwhile, and closes the chat. */
export function createGeneration(dependencies: GenerationDependencies, input: GenerationInput): Generation {
  const { chatStore, answerCache } = dependencies;
  const { request, claim, owned, opened, answerKey, transport } = input;
  /** False without Redis: nothing protects the answer, and nothing of it is stored. */
  let isClaimed = !input.degraded.includes('redis');
  const abort = new AbortController();
  let endedBy: 'stopped' | 'abandoned' | 'lost' | undefined;
  let generation = owned.generation;
  let offset = 0;
  let sources: readonly Source[] = [];
  let leftAtMs: number | undefined;
  /** The question whose shared answer is ours to write, if it is anyone's. */
  let heldKey = answerKey;

  function end(reason: NonNullable<typeof endedBy>): void {
    endedBy ??= reason;
    abort.abort(new Error(`the answer was ${reason}`));
  }

  const log = createReplyLog(() => {
    leftAtMs = performance.now();
    if (transport === 'json') end('abandoned');
  });
  const writer =
    transport === 'stream' && isClaimed ? createReplyWriter(dependencies.replyStream, generation) : undefined;

  const lease = keepLease(chatStore, claim, () => (isClaimed ? generation : undefined), {
    onLost: () => end('lost'),
    onStopRequested: () => end('stopped'),
    onRenewed(lastReaderMs = Number.POSITIVE_INFINITY) {
      const isLeft = log.readerCount() === 0 && leftAtMs !== undefined;
      if (isLeft && Math.min(performance.now() - (leftAtMs ?? 0), lastReaderMs) >= absenceLimitMs)
        end('abandoned');
      if (heldKey !== undefined) answerCache.renew(heldKey, request.requestId).catch(() => {});
    },
  });

  const emit: AnswerContext['emit'] = {
    sources(found) {
      sources = found;
      log.append({ type: 'sources', generation, offset, sources });
      writer?.write({ type: 'sources', sources });
    },
    text(text) {
      offset += text.length;
      log.append({ type: 'delta', generation, offset, text });
      writer?.write({ type: 'text', text });
    },
    async restart() {
      const previous = generation;
      // At once, so that a renewal under the old name, still under way, is not taken for a lost lease.
      [generation, offset] = [createGenerationId(), 0];
      if (isClaimed && !(await moveClaim(previous))) return end('lost');
      writer?.restart(generation);
      log.append({ type: 'restart', generation, offset: 0 });
      emit.sources(sources);
    },
  };

  /** False when the claim is another replica's. A store that is out forgets this answer: the claim runs out there. */
  async function moveClaim(from: string): Promise<boolean> {
    try {
      return await chatStore.restart(claim, from, generation);
    } catch {
      isClaimed = false;
      return true;
    }
  }

  async function run(): Promise<void> {
    try {
      const composed = await dependencies.composeAnswer.compose({
        request,
        requestId: owned.requestId,
        session: opened.session,
        turns: request.history ?? opened.turns,
        answerTicket:
          answerKey !== undefined && input.answerTicket
            ? { key: answerKey, ticket: input.answerTicket }
            : undefined,
        readAhead: input.readAhead,
        degraded: input.degraded,
        signal: abort.signal,
        startedAtMs: input.startedAtMs,
        holdAnswerKey(key) {
          if (key !== heldKey) releaseAnswerKey();
          heldKey = key;
        },
        emit,
      });
      abort.signal.throwIfAborted();
      await finish(composed);
    } catch (error) {
      await fail(error);
    } finally {
      lease.stop();
      log.end();
    }
  }

  async function finish(composed: ComposedAnswer): Promise<void> {
    const { startedAtMs } = input;
    const answered = {
      request,
      composed,
      askedAt: owned.at,
      responseTimeMs: performance.now() - startedAtMs,
    };
    const event = dependencies.describeAnswer(answered);
    void writer?.flush();
    const closed = isClaimed ? await close(composed, event) : 'unstored';
    if (closed === 'lost') return followNewOwner();
    if (composed.answerKey === undefined) releaseAnswerKey();
    if (closed === 'unstored') {
      if (event) dependencies.recordEvent(event);
      composed.answer.degraded = [...new Set([...composed.answer.degraded, 'redis' as const])];
    }
    dependencies.onAnswered(answered);
    log.append({ type: 'done', generation, offset, answer: composed.answer });
    log.end();
    writer?.write({ type: 'end' });
  }

  async function close(
    composed: ComposedAnswer,
    event: StatisticsEvent | undefined,
  ): Promise<'closed' | 'lost' | 'unstored'> {
    const { answer, audience, askedForAudience } = composed;
    try {
      const isClosed = await chatStore.close({
        claim,
        requestId: owned.requestId,
        generation,
        answer,
        sessionStartedAt: opened.session?.startedAt,
        turn: request.remember
          ? {
              requestId: owned.requestId,
              question: request.message,
              answer: answer.response,
              answeredAt: answer.answeredAt,
            }
          : undefined,
        audience,
        askedForAudience,
        event,
        answerKey: composed.answerKey,
      });
      return isClosed ? 'closed' : 'lost';
    } catch (error) {
      if (isDependencyError(error, 'redis')) return 'unstored';
      throw error;
    }
  }

  async function fail(error: unknown): Promise<void> {
    if (endedBy === 'lost') return followNewOwner().catch(log.fail);
    releaseAnswerKey();
    await writer?.flush();
    if (isClaimed)
      await chatStore
        .abandon(claim, generation, endedBy === 'stopped' ? 'stopped' : 'released')
        .catch(() => {});
    if (endedBy === undefined) {
      const { startedAtMs } = input;
      const responseTimeMs = performance.now() - startedAtMs;
      dependencies.onFailed({
        request,
        requestId: owned.requestId,
        askedAt: owned.at,
        responseTimeMs,
        error,
      });
    }
    log.fail(endedBy === 'stopped' ? stoppedError() : error);
  }

  /** Our lease ran out (this process was frozen, say) and another replica answers; our readers get its answer. */
  async function followNewOwner(): Promise<void> {
    lease.stop();
    const listener = { transport: 'json', signal: new AbortController().signal } as const;
    const events = dependencies.follow(claim, generation, listener);
    let next = await events.next();
    for (; !next.done; next = await events.next()) log.append(next.value);
    if (next.value === 'orphaned') throw createExhaustedError();
  }

  function releaseAnswerKey(): void {
    if (heldKey !== undefined) answerCache.giveUp(heldKey, request.requestId).catch(() => {});
  }

  return {
    read: log.read,
    isAbandoned: () => endedBy === 'abandoned',
    stop: () => end('stopped'),
    finished: run(),
  };
}
