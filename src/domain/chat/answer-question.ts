import { createHash } from 'node:crypto';
import { AppError, type Dependency, isDependencyError } from '../errors.ts';
import type { ReadAhead, Search } from '../retrieval/search.ts';
import type { SessionKey } from '../sessions/session-store.ts';
import type { AnswerCache } from './answer-cache.ts';
import type { StoredChatRequest } from './chat-answer.ts';
import { type ChatEvent, markRestarts, replayAnswer } from './chat-event.ts';
import type { ChatRequest, Transport } from './chat-request.ts';
import type { CachedKeys, CachedParts, Claim, ClaimKey, OpenedChat } from './chat-store.ts';
import type { ComposeAnswer } from './compose-answer.ts';
import type { DetectEmergency } from './emergency-notice.ts';
import { createExhaustedError, createFollowReply, createStoppedError } from './reply/follow-reply.ts';
import { createGenerationId } from './reply/hold-claim.ts';
import type { ReplyStream } from './reply/reply-stream.ts';
import { type ReplyUnderWay, type WriteReplyDependencies, writeReply } from './reply/write-reply.ts';
import { createSharedAnswer, type SharedAnswer } from './shared-answer.ts';

export interface AnswerQuestionDependencies extends Omit<WriteReplyDependencies, 'follow'> {
  composeAnswer: ComposeAnswer;
  detectEmergency: DetectEmergency;
  search: Pick<Search, 'readAhead'>;
  answerCache: AnswerCache;
  replyStream: ReplyStream;
  /** Turn pairs that are loaded with a session. */
  historyTurns: number;
  /** Longest time that a reply can take, on whichever replica. */
  replyLimitMs: number;
}

export interface Listener {
  transport: Transport;
  /** Aborts when the client is gone. */
  signal: AbortSignal;
  /** Called when an answer is written here for this listener, which may go on without it, with its end. */
  onWriting?: ((finished: Promise<void>) => void) | undefined;
}

export interface AnswerQuestion {
  /**
   * Answers, or follows the answer that another try of the same request is getting.
   * @throws AppError CONFLICT when the key was used with another body, or the answer was stopped.
   */
  ask(request: ChatRequest, listener: Listener): AsyncIterable<ChatEvent>;
  /** A reply from its start, wherever it is written. @throws AppError NOT_FOUND, DependencyError `redis`. */
  resume(caller: SessionKey, requestId: string, signal: AbortSignal): AsyncIterable<ChatEvent>;
  /** Stops an answer under way on any replica. False if there is none. @throws DependencyError `redis`. */
  stop(caller: SessionKey, requestId: string): Promise<boolean>;
  /** Answers under way on this replica. */
  activeCount(): number;
  /** Resolves once no answer is under way here. */
  settle(): Promise<void>;
  close(): void;
}

interface Opening {
  opened: OpenedChat;
  degraded: readonly Dependency[];
}

interface Preparation {
  sharedAnswer: SharedAnswer | undefined;
  readAhead: ReadAhead | undefined;
}

/** A question from its claim to its closing transaction. */
export function createAnswerQuestion(dependencies: AnswerQuestionDependencies): AnswerQuestion {
  const { chatStore, composeAnswer, detectEmergency, answerCache, search, clock } = dependencies;
  const sharing = { cache: answerCache, clock };
  const running = new Map<string, ReplyUnderWay>();
  const endStopWatch = chatStore.onStop((name) => running.get(name)?.stop());
  const follow = createFollowReply({ ...dependencies, limitMs: dependencies.replyLimitMs });

  async function* claimAndAnswer(request: ChatRequest, listener: Listener): AsyncIterable<ChatEvent> {
    const startedAtMs = clock.now();
    const claim = claimOf(request);
    const name = chatStore.claimName(claim);
    for (;;) {
      const opening = await open(request, claim);
      const { claim: claimed } = opening.opened;
      switch (claimed.state) {
        case 'conflict':
          throw createKeyReusedError();
        case 'stopped':
          throw createStoppedError();
        case 'exhausted':
          throw createExhaustedError();
        case 'done':
          return yield* replayAnswer(claimed.generation, claimed.answer);
        case 'owned': {
          const input = {
            ...opening,
            ...(await prepare(request, claim, opening)),
            request,
            claim,
            owned: claimed,
            transport: listener.transport,
            startedAtMs,
          };
          const reply = writeReply({ ...dependencies, follow }, input);
          running.set(name, reply);
          listener.onWriting?.(reply.finished);
          void reply.finished.then(() => {
            if (running.get(name) === reply) running.delete(name);
          });
          return yield* reply.read(listener.signal);
        }
        case 'following': {
          const local = running.get(name);
          if (local && !local.isAbandoned()) return yield* local.read(listener.signal);
          if ((yield* follow(claim, claimed.generation, listener)) === 'ended') return;
        }
      }
    }
  }

  const ask = (request: ChatRequest, listener: Listener) => markRestarts(claimAndAnswer(request, listener));

  /** Reads nothing of the message: a message that stops a replica is known by its claim. */
  async function open(request: ChatRequest, claim: ClaimKey): Promise<Opening> {
    const generation = createGenerationId();
    try {
      const opened = await chatStore.open({
        claim,
        requestId: request.requestId,
        generation,
        bodyHash: hashRequest(request),
        historyTurns: request.remember ? dependencies.historyTurns : 0,
      });
      return { opened, degraded: [] };
    } catch (error) {
      if (!isDependencyError(error, 'redis')) throw error;
      return { opened: unclaimed(request.requestId, generation), degraded: ['redis'] };
    }
  }

  /** Reads the message, has it kept unless it is of a person in need, and looks up what is cached for it. */
  async function prepare(
    request: ChatRequest,
    claim: ClaimKey,
    { opened, degraded }: Opening,
  ): Promise<Preparation> {
    if (detectEmergency(request.message)) return { readAhead: undefined, sharedAnswer: undefined };
    const isFirst = (request.history ?? opened.turns).length === 0;
    const readAhead = search.readAhead(request.message);
    if (degraded.includes('redis')) return { readAhead, sharedAnswer: undefined };
    const owner = request.requestId;
    const answerKey = isFirst ? composeAnswer.shareKeyOf(request, opened.session) : undefined;
    const cached = await findCached({
      answerKey,
      owner,
      embeddingKey: readAhead?.embeddingKey,
      kept: request.isKept ? { claim, request: storedRequestOf(request) } : undefined,
    });
    return {
      readAhead: readAhead && { ...readAhead, cachedEmbedding: cached?.cachedEmbedding },
      sharedAnswer:
        answerKey === undefined
          ? undefined
          : createSharedAnswer(sharing, answerKey, owner, cached?.answerTicket),
    };
  }

  /** Undefined with the store away. */
  async function findCached(keys: CachedKeys): Promise<CachedParts | undefined> {
    try {
      return await chatStore.findCached(keys);
    } catch (error) {
      if (isDependencyError(error, 'redis')) return undefined;
      throw error;
    }
  }

  async function* resume(
    caller: SessionKey,
    requestId: string,
    signal: AbortSignal,
  ): AsyncIterable<ChatEvent> {
    const found = await chatStore.find({ ...caller, key: requestId });
    if (!found || found.claim.state === 'conflict') {
      throw new AppError('NOT_FOUND', 'There is no such answer, or it is older than 10 minutes.');
    }
    const claim = { ...caller, key: found.key };
    const listener = { transport: 'stream', signal } as const;
    if (!found.request) return yield* markRestarts(followWithoutBody(claim, found.claim, listener));
    // Asked again under its claim it follows a living writer, takes over from a dead one, or returns the result.
    yield* ask(
      {
        ...found.request,
        requestId: found.claim.requestId,
        idempotencyKey: found.key,
        caller,
        isKept: true,
      },
      listener,
    );
  }

  /** Whoever has no question can't go on with an answer whose writer is gone. */
  async function* followWithoutBody(
    key: ClaimKey,
    claim: Claim,
    listener: Listener,
  ): AsyncIterable<ChatEvent> {
    if (claim.state === 'done') return yield* replayAnswer(claim.generation, claim.answer);
    if (claim.state !== 'following') throw createStoppedError();
    if ((yield* follow(key, claim.generation, listener)) === 'orphaned') {
      throw new AppError(
        'SERVICE_UNAVAILABLE',
        'The answer was interrupted. Please send the question again.',
        {
          retryAfterSeconds: 1,
        },
      );
    }
  }

  return {
    ask,
    resume,
    stop: (caller, requestId) => chatStore.requestStop({ ...caller, key: requestId }),
    activeCount: () => running.size,
    async settle() {
      while (running.size > 0) await Promise.all([...running.values()].map(({ finished }) => finished));
    },
    close: endStopWatch,
  };
}

export function createKeyReusedError(): AppError {
  return new AppError('CONFLICT', 'This Idempotency-Key was used for another request.');
}

/** Without Redis: no history, no claim, no protection against a retry, but an answer. */
function unclaimed(requestId: string, generation: string): OpenedChat {
  return {
    claim: { state: 'owned', requestId, at: new Date(), generation, takeover: false },
    session: undefined,
    turns: [],
  };
}

function claimOf(request: ChatRequest): ClaimKey {
  return { ...request.caller, key: request.idempotencyKey ?? request.requestId };
}

function storedRequestOf({ message, role, campus, history, remember }: ChatRequest): StoredChatRequest {
  return { message, role, campus, history, remember };
}

function hashRequest(request: ChatRequest): string {
  return createHash('sha256')
    .update(JSON.stringify(storedRequestOf(request)))
    .digest('base64url');
}
