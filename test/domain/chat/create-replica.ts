import { createAnswerQuestion, type Listener } from '../../../src/domain/chat/answer-question.ts';
import type { ChatAnswer } from '../../../src/domain/chat/chat-answer.ts';
import type { ChatEvent } from '../../../src/domain/chat/chat-event.ts';
import type { ChatRequest, Transport } from '../../../src/domain/chat/chat-request.ts';
import type {
  AnswerContext,
  ComposedAnswer,
  CompositionEvent,
} from '../../../src/domain/chat/compose-answer.ts';
import type { AnsweredQuestion, FailedQuestion } from '../../../src/domain/chat/reply/write-reply.ts';
import type { StatisticsEvent } from '../../../src/domain/statistics/statistics-event.ts';
import { type ManualClock, settle } from '../../fakes/manual-clock.ts';
import type { MemoryChatState } from '../../fakes/memory-chat-state.ts';
import { interaction } from '../../fixtures/statistics-events.ts';

export const caller = { userId: 'ada', sessionId: 'test' };

export const createRequest = (changes: Partial<ChatRequest> = {}): ChatRequest => ({
  requestId: 'request-1',
  caller,
  message: 'Where is the library?',
  remember: true,
  isKept: true,
  ...changes,
});

/** A composition under the test's control: each step waits until it is asked for. */
export interface Script {
  /** Parts of the answer; `restart` voids those before; an Error is thrown; a number is a wait in ms. */
  steps: readonly (string | number | Error | { restart: true })[];
  degraded?: ChatAnswer['degraded'];
  isShareable?: boolean;
}

export interface ReplicaOptions {
  state: MemoryChatState;
  clock: ManualClock;
  /** For one composition after the other, the last one for all further ones. */
  scripts?: readonly Script[];
}

const kind = { id: 'danger', entries: [], categories: [] };

const hello: Script = { steps: ['In the ', 'main building.'] };

/** One replica's use case, over state that others may share, with compositions as scripted. */
export function createReplica({ state, clock, scripts = [hello] }: ReplicaOptions) {
  const answered: AnsweredQuestion[] = [];
  const failed: FailedQuestion[] = [];
  const recorded: StatisticsEvent[] = [];
  const contexts: AnswerContext[] = [];

  async function* compose(context: AnswerContext): AsyncGenerator<CompositionEvent, ComposedAnswer, void> {
    const script = scripts[Math.min(contexts.length, scripts.length - 1)] ?? hello;
    contexts.push(context);
    const cached = await context.sharedAnswer?.wait(clock.now() + 5000, context.signal);
    if (cached) {
      yield { type: 'sources', sources: cached.sources };
      yield { type: 'text', text: cached.response };
      return composedOf(context, { ...cached, cached: true }, false);
    }
    yield { type: 'sources', sources: [] };
    let response = '';
    for (const step of script.steps) {
      context.signal.throwIfAborted();
      if (step instanceof Error) throw step;
      if (typeof step === 'number') await clock.sleep(step, context.signal);
      else if (typeof step === 'object') {
        response = '';
        yield { type: 'restart' };
      } else {
        response += step;
        yield { type: 'text', text: step };
      }
    }
    const degraded = [...context.degraded, ...(script.degraded ?? [])];
    return composedOf(context, { response, degraded }, script.isShareable ?? degraded.length === 0);
  }

  const answerQuestion = createAnswerQuestion({
    ...state,
    composeAnswer: { compose, shareKeyOf: ({ message }) => message },
    detectEmergency: (message) => (message === 'It burns.' ? { kind, category: 'fire' } : undefined),
    search: { readAhead: () => undefined },
    clock,
    historyTurns: 6,
    replyLimitMs: 30_000,
    recorder: {
      describe: ({ composed }) =>
        interaction({ id: composed.answer.requestId, degraded: composed.answer.degraded }),
      record: (event) => recorded.push(event),
      answered: (question) => answered.push(question),
      failed: (question) => failed.push(question),
    },
  });

  return {
    answerQuestion,
    answered,
    failed,
    /** Events that could not be stored with their turns. */
    recorded,
    contexts,
    ask: (request = createRequest(), transport: Transport = 'json') =>
      listen((listener) => answerQuestion.ask(request, listener), transport),
    resume: (requestId = 'request-1') =>
      listen(({ signal }) => answerQuestion.resume(caller, requestId, signal), 'stream'),
  };
}

function composedOf(
  { request, requestId }: AnswerContext,
  changes: Partial<ChatAnswer>,
  isShareable: boolean,
): ComposedAnswer {
  const answer: ChatAnswer = {
    response: '',
    sources: [],
    confidence: 'high',
    answeredBy: 'model',
    cached: false,
    searchMethod: 'hybrid',
    searchTimeMs: 1,
    degraded: [],
    answeredAt: new Date(0),
    ...changes,
    requestId,
    sessionId: request.caller.sessionId,
  };
  return { answer, audience: {}, language: 'en', askedForAudience: false, isShareable };
}

/** Somebody who listens until the end, or until `leave`. */
export interface Heard {
  events: ChatEvent[];
  /** The text as the listener has it. */
  text(): string;
  answer(): ChatAnswer | undefined;
  /** What the events ended with, if with an error. */
  error(): unknown;
  hasEnded(): boolean;
  leave(): Promise<void>;
}

function listen(open: (listener: Listener) => AsyncIterable<ChatEvent>, transport: Transport): Heard {
  const events: ChatEvent[] = [];
  const leaving = new AbortController();
  let error: unknown;
  let hasEnded = false;
  const read = async () => {
    for await (const event of open({ transport, signal: leaving.signal })) events.push(event);
  };
  void read()
    .catch((cause: unknown) => {
      error = cause;
    })
    .finally(() => {
      hasEnded = true;
    });
  return {
    events,
    text: () =>
      events.reduce((text, event) => {
        if (event.type === 'restart') return '';
        return event.type === 'delta' ? text + event.text : text;
      }, ''),
    answer: () => events.flatMap((event) => (event.type === 'done' ? [event.answer] : []))[0],
    error: () => error,
    hasEnded: () => hasEnded,
    async leave() {
      leaving.abort();
      await settle();
    },
  };
}
