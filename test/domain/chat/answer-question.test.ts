import { describe, expect, test } from 'vitest';
import {
  type AnswerQuestionDependencies,
  createAnswerQuestion,
} from '../../../src/domain/chat/answer-question.ts';
import type { ChatAnswer } from '../../../src/domain/chat/chat-answer.ts';
import type { ChatEvent } from '../../../src/domain/chat/chat-event.ts';
import type { ChatRequest } from '../../../src/domain/chat/chat-request.ts';
import type { ChatStore, Claim, FoundClaim, OpenChat } from '../../../src/domain/chat/chat-store.ts';
import { systemClock } from '../../../src/domain/clock.ts';

const caller = { userId: 'ada', sessionId: 'test' };
const request: ChatRequest = {
  requestId: 'request-1',
  caller,
  message: 'Where is the library?',
  remember: true,
  isKept: true,
};
const answer: ChatAnswer = {
  requestId: request.requestId,
  sessionId: caller.sessionId,
  response: 'In the main building.',
  sources: [],
  confidence: 'high',
  answeredBy: 'model',
  cached: false,
  searchMethod: 'hybrid',
  searchTimeMs: 1,
  degraded: [],
  answeredAt: new Date(0),
};
const owned: Claim = {
  state: 'owned',
  requestId: request.requestId,
  at: new Date(0),
  generation: 'g1',
  takeover: false,
};

/** The use case over a store whose claims are as given; `steps` tells what was done, in order. */
function createTestCase({ claim = owned, found }: { claim?: Claim; found?: FoundClaim | undefined } = {}) {
  const steps: string[] = [];
  const openings: OpenChat[] = [];
  const kept: (string | undefined)[] = [];
  const chatStore: ChatStore = {
    async open(opening) {
      openings.push(opening);
      await Promise.resolve();
      steps.push('claimed');
      return { claim, session: undefined, turns: [] };
    },
    async findCached(cached) {
      kept.push(cached.kept?.request.message);
      return { answerTicket: undefined, cachedEmbedding: undefined };
    },
    close: async () => true,
    renewLease: async () => ({ held: true, stopRequested: false, lastReaderMs: undefined }),
    restart: async () => true,
    abandon: async () => {},
    find: async () => found,
    noteReader: async () => {},
    requestStop: async () => false,
    onStop: () => () => {},
    claimName: ({ key }) => key,
  };
  const dependencies: AnswerQuestionDependencies = {
    chatStore,
    replyStream: { append: async () => {}, read: async () => ({ records: [], cursor: undefined }) },
    answerCache: {
      acquire: async () => ({ state: 'uncacheable' }),
      renew: async () => {},
      giveUp: async () => {},
    },
    composeAnswer: {
      // biome-ignore lint/correctness/useYield: what is composed at once yields nothing before
      async *compose() {
        steps.push('composed');
        return { answer, audience: {}, language: 'en', askedForAudience: false, isShareable: false };
      },
      shareKeyOf() {
        steps.push('read');
        return 'key';
      },
    },
    detectEmergency: () => undefined,
    historyTurns: 6,
    search: {
      readAhead() {
        steps.push('read');
        return undefined;
      },
    },
    clock: systemClock,
    replyLimitMs: 1000,
    recorder: { describe: () => undefined, record: () => {}, answered: () => {}, failed: () => {} },
  };
  return { answerQuestion: createAnswerQuestion(dependencies), steps, openings, kept };
}

const listener = () => ({ transport: 'json' as const, signal: new AbortController().signal });

async function collect(events: AsyncIterable<ChatEvent>): Promise<ChatEvent[]> {
  const collected = [];
  for await (const event of events) collected.push(event);
  return collected;
}

describe('a question', () => {
  test('is claimed before anything reads it', async () => {
    const { answerQuestion, steps } = createTestCase();
    const events = await collect(answerQuestion.ask(request, listener()));
    expect(events.at(-1)).toMatchObject({ type: 'done', answer });
    expect([steps[0], steps.at(-1)]).toEqual(['claimed', 'composed']);
    expect(steps).toContain('read');
  });

  test('that stopped two replicas is read by no third', async () => {
    const { answerQuestion, steps } = createTestCase({
      claim: { state: 'exhausted', requestId: request.requestId },
    });
    await expect(collect(answerQuestion.ask(request, listener()))).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
    expect(steps).toEqual(['claimed']);
  });

  test('is kept with its claim for a takeover, or as a hash alone', async () => {
    const { answerQuestion, openings, kept } = createTestCase();
    await collect(answerQuestion.ask(request, listener()));
    const history = [{ question: 'Hello', answer: 'Hi' }];
    await collect(answerQuestion.ask({ ...request, history, isKept: false }, listener()));
    expect(kept).toEqual([request.message, undefined]);
    expect(JSON.stringify(openings[1])).not.toContain('Hello');
    expect(openings[1]?.bodyHash).not.toBe(openings[0]?.bodyHash);
  });
});

describe('resuming an answer whose question only the client has', () => {
  const resume = (claim: Claim) => {
    const found = { key: 'v1.key', claim, leaseLive: false, request: undefined } as FoundClaim;
    const { answerQuestion, openings } = createTestCase({ found });
    const events = answerQuestion.resume(caller, request.requestId, new AbortController().signal);
    return { events: collect(events), openings };
  };

  test('gives the finished answer', async () => {
    const { events, openings } = resume({
      state: 'done',
      requestId: request.requestId,
      generation: 'g1',
      answer,
    });
    expect((await events).at(-1)).toMatchObject({ type: 'done', answer });
    expect(openings).toEqual([]);
  });

  test('asks for the question again when its writer is gone', async () => {
    const { events } = resume({ state: 'following', requestId: request.requestId, generation: 'g1' });
    await expect(events).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      message: expect.stringContaining('again'),
    });
  });
});
