import type { Clock } from '../../clock.ts';
import type { Dependency } from '../../errors.ts';
import type { ReadAhead } from '../../retrieval/search.ts';
import type { StatisticsEvent } from '../../statistics/statistics-event.ts';
import type { ChatEvent } from '../chat-event.ts';
import type { ChatRequest, Transport } from '../chat-request.ts';
import type { ChatStore, Claim, ClaimKey, OpenedChat } from '../chat-store.ts';
import type { ComposeAnswer, ComposedAnswer, CompositionEvent } from '../compose-answer.ts';
import type { SharedAnswer } from '../shared-answer.ts';
import { createExhaustedError, createStoppedError, type FollowReply } from './follow-reply.ts';
import { holdClaim } from './hold-claim.ts';
import { createPublication } from './publish-reply.ts';
import type { ReplyStream } from './reply-stream.ts';

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

/** Counts what becomes of questions. Nothing of it throws. */
export interface ChatRecorder {
  /** The statistics event of an answer, to be stored with its turn; undefined with statistics off. */
  describe(answered: AnsweredQuestion): StatisticsEvent | undefined;
  /** Takes an event that could not be stored with its turn. */
  record(event: StatisticsEvent): void;
  answered(answered: AnsweredQuestion): void;
  failed(failed: FailedQuestion): void;
}

export interface WriteReplyDependencies {
  chatStore: ChatStore;
  replyStream: Pick<ReplyStream, 'append'>;
  composeAnswer: Pick<ComposeAnswer, 'compose'>;
  follow: FollowReply;
  recorder: ChatRecorder;
  clock: Clock;
}

export interface ReplyInput {
  request: ChatRequest;
  claim: ClaimKey;
  owned: Extract<Claim, { state: 'owned' }>;
  opened: Pick<OpenedChat, 'session' | 'turns'>;
  readAhead: ReadAhead | undefined;
  sharedAnswer: SharedAnswer | undefined;
  /** What the opening had to do without; `redis` means that there is no claim. */
  degraded: readonly Dependency[];
  transport: Transport;
  startedAtMs: number;
}

/** An answer that this replica writes, whoever reads it. */
export interface ReplyUnderWay {
  /** Its events from the first on; any number of readers. */
  read(signal: AbortSignal): AsyncIterable<ChatEvent>;
  /** True once nobody was left to read it: what is to come is no answer. */
  isAbandoned(): boolean;
  /** Ends it at the asker's wish. */
  stop(): void;
  /** Resolves, never rejects, when nothing more happens. */
  finished: Promise<void>;
}

/** Writes one answer: composes and publishes it while it holds the claim, then closes the chat. */
export function writeReply(dependencies: WriteReplyDependencies, input: ReplyInput): ReplyUnderWay {
  const { clock, recorder } = dependencies;
  const { request, claim, owned, opened, sharedAnswer, transport, startedAtMs } = input;
  const isStored = !input.degraded.includes('redis');
  let leftAtMs: number | undefined;

  const publication = createPublication(dependencies, {
    generation: owned.generation,
    isCopied: transport === 'stream' && isStored,
    onReadersGone() {
      leftAtMs = clock.now();
      if (transport === 'json') held.end('abandoned');
    },
  });
  const held = holdClaim(dependencies, {
    claim,
    generation: owned.generation,
    isStored,
    onRenewed(lastReaderMs = Number.POSITIVE_INFINITY) {
      const isLeft = publication.readerCount() === 0 && leftAtMs !== undefined;
      if (isLeft && Math.min(clock.now() - (leftAtMs ?? 0), lastReaderMs) >= absenceLimitMs) {
        held.end('abandoned');
      }
      sharedAnswer?.renew();
    },
  });

  async function run(): Promise<void> {
    try {
      const composed = await composeAndPublish();
      held.signal.throwIfAborted();
      await finish(composed);
    } catch (error) {
      await fail(error);
    } finally {
      held.release();
      publication.end();
    }
  }

  async function composeAndPublish(): Promise<ComposedAnswer> {
    const composition = dependencies.composeAnswer.compose({
      ...input,
      requestId: owned.requestId,
      session: opened.session,
      turns: request.history ?? opened.turns,
      signal: held.signal,
    });
    let next = await composition.next();
    for (; !next.done; next = await composition.next()) await publish(next.value);
    return next.value;
  }

  async function publish(event: CompositionEvent): Promise<void> {
    if (event.type === 'sources') publication.sources(event.sources);
    else if (event.type === 'text') publication.text(event.text);
    else {
      const generation = await held.restart();
      if (generation !== undefined) publication.restart(generation);
    }
  }

  async function finish(composed: ComposedAnswer): Promise<void> {
    const answered = {
      request,
      composed,
      askedAt: owned.at,
      responseTimeMs: clock.now() - startedAtMs,
    };
    void publication.flush();
    const closed = await close(answered);
    if (closed === 'lost') return followNewOwner();
    if (!composed.isShareable) sharedAnswer?.release();
    if (closed === 'unstored') recordUnstored(answered);
    recorder.answered(answered);
    publication.done(composed.answer);
  }

  function close(answered: AnsweredQuestion): Promise<'closed' | 'lost' | 'unstored'> {
    const { answer, audience, askedForAudience, isShareable } = answered.composed;
    const { requestId } = owned;
    const { response, answeredAt } = answer;
    return held.close({
      requestId,
      answer,
      sessionStartedAt: opened.session?.startedAt,
      turn: request.remember
        ? { requestId, question: request.message, answer: response, answeredAt }
        : undefined,
      audience,
      askedForAudience,
      event: recorder.describe(answered),
      answerKey: isShareable ? sharedAnswer?.key : undefined,
    });
  }

  /** The event is made again, since it has to say that the store was out. */
  function recordUnstored(answered: AnsweredQuestion): void {
    const { answer } = answered.composed;
    answer.degraded = [...new Set([...answer.degraded, 'redis' as const])];
    const event = recorder.describe(answered);
    if (event) recorder.record(event);
  }

  async function fail(error: unknown): Promise<void> {
    const endedBy = held.endedBy();
    if (endedBy === 'lost') return followNewOwner().catch(publication.fail);
    sharedAnswer?.release();
    await publication.flush();
    await held.abandon();
    if (endedBy === undefined) {
      recorder.failed({
        request,
        requestId: owned.requestId,
        askedAt: owned.at,
        responseTimeMs: clock.now() - startedAtMs,
        error,
      });
    }
    publication.fail(endedBy === 'stopped' ? createStoppedError() : error);
  }

  /** Our lease ran out (this process was frozen, say) and another replica answers; our readers get its answer. */
  async function followNewOwner(): Promise<void> {
    held.release();
    const listener = { transport: 'json', signal: new AbortController().signal } as const;
    const events = dependencies.follow(claim, held.generation(), listener);
    let next = await events.next();
    for (; !next.done; next = await events.next()) publication.relay(next.value);
    if (next.value === 'orphaned') throw createExhaustedError();
  }

  return {
    read: publication.read,
    isAbandoned: () => held.endedBy() === 'abandoned',
    stop: () => held.end('stopped'),
    finished: run(),
  };
}
