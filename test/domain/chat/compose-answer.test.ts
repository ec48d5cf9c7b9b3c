import { describe, expect, test } from 'vitest';
import type { ChatAnswer } from '../../../src/domain/chat/chat-answer.ts';
import {
  type AnswerContext,
  type ComposeAnswerDependencies,
  type ComposedAnswer,
  type CompositionEvent,
  createComposeAnswer,
} from '../../../src/domain/chat/compose-answer.ts';
import { describeAnswered, describeFailed } from '../../../src/domain/chat/describe-question.ts';
import { createEmergencyDetection } from '../../../src/domain/chat/emergency-notice.ts';
import { createRateAnswer } from '../../../src/domain/chat/rate-answer.ts';
import { AppError, DependencyError } from '../../../src/domain/errors.ts';
import type { LanguageModel, Prompt } from '../../../src/domain/models/language-model.ts';
import type { SearchOutcome } from '../../../src/domain/retrieval/search.ts';
import { createManualClock, settle } from '../../fakes/manual-clock.ts';
import { createMemoryChatState } from '../../fakes/memory-chat-state.ts';
import { finish } from '../../fakes/scripted-model.ts';
import { createEntry } from '../../fixtures/create-entry.ts';
import { institution, vocabulary } from '../../fixtures/institution.ts';
import { caller, createReplica, createRequest } from './create-replica.ts';

const entry = createEntry({
  id: 'library-hours',
  question: 'When is the library open?',
  answer: 'From eight.',
});
const crisisEntry = createEntry({ id: 'crisis-acute', question: 'Who helps?', answer: 'Call at any hour.' });
const detectEmergency = createEmergencyDetection(institution.emergencies);
const found: SearchOutcome = {
  results: [{ entry, similarity: 0.9 }],
  confidence: 'high',
  queryText: 'library',
  method: 'hybrid',
  degraded: [],
  searchTimeMs: 3,
};
const out = (reason: 'unavailable' | 'truncated' = 'unavailable') =>
  new DependencyError('gemini', reason, 'the model is away');

type ModelStep = string | Error | 'RESTART' | 'STOP EARLY';

/** A model that does as it is told, and the prompts it got. */
function createModel(steps: readonly ModelStep[]) {
  const prompts: Prompt[] = [];
  const model: LanguageModel = {
    async *generate(prompt, { signal }) {
      prompts.push(prompt);
      for (const step of steps) {
        signal.throwIfAborted();
        if (step instanceof Error) throw step;
        if (step === 'STOP EARLY') return;
        yield step === 'RESTART' ? { type: 'restart' } : { type: 'text', text: step };
      }
      yield finish;
    },
  };
  return { model, prompts };
}

interface Case {
  outcome?: Partial<SearchOutcome>;
  steps?: readonly ModelStep[] | undefined;
  context?: Partial<AnswerContext>;
  message?: string;
}

async function compose({ outcome, steps, context = {}, message }: Case) {
  const searches: unknown[] = [];
  const scripted = steps && createModel(steps);
  const dependencies: ComposeAnswerDependencies = {
    institution,
    vocabulary,
    detectEmergency,
    findEntry: (id) => (id === 'crisis-acute' ? crisisEntry : undefined),
    search: {
      readAhead: () => undefined,
      async search(request) {
        searches.push(request);
        return { ...found, ...outcome };
      },
    },
    model: scripted?.model,
    clock: createManualClock(),
    settings: {
      topK: 5,
      historyMessages: 12,
      maxHistoryCharacters: 8000,
      maxContextCharacters: 4000,
      fingerprint: 'fingerprint',
      modelLimitMs: 25_000,
    },
    knowledgeVersion: () => 1,
  };
  const composition = createComposeAnswer(dependencies).compose({
    request: createRequest(message === undefined ? {} : { message }),
    requestId: 'request-1',
    session: undefined,
    turns: [],
    sharedAnswer: undefined,
    readAhead: undefined,
    degraded: [],
    signal: new AbortController().signal,
    startedAtMs: 0,
    ...context,
  });
  const events: CompositionEvent[] = [];
  let next = await composition.next();
  for (; !next.done; next = await composition.next()) events.push(next.value);
  const text = events.reduce((sum, event) => {
    if (event.type === 'restart') return '';
    return event.type === 'text' ? sum + event.text : sum;
  }, '');
  return { composed: next.value, events, text, searches, prompts: scripted?.prompts ?? [] };
}

describe('an answer', () => {
  test('is what the model makes of the entries found, its sources first', async () => {
    const { composed, events, text, prompts } = await compose({ steps: ['From ', 'eight on.'] });
    expect(events[0]).toMatchObject({ type: 'sources', sources: [{ id: 'library-hours', similarity: 0.9 }] });
    expect(text).toBe('From eight on.');
    expect(composed).toMatchObject({ isShareable: true, askedForAudience: false, language: 'en' });
    expect(composed.answer).toMatchObject({
      response: text,
      answeredBy: 'model',
      confidence: 'high',
      cached: false,
      degraded: [],
      model: { name: finish.type === 'finish' ? finish.model : '' },
    });
    expect(prompts[0]?.messages.at(-1)?.text).toContain('From eight.');
  });

  test('is the best entry without a model', async () => {
    const { composed, text } = await compose({});
    expect(text).toContain('From eight.');
    expect(composed.answer).toMatchObject({ response: text, answeredBy: 'knowledge_base', degraded: [] });
    expect(composed.answer.model).toBeUndefined();
  });

  test.each([
    ['is away at once', [out()]],
    ['breaks off', ['Half an ', out('truncated')]],
  ] as const)('is the best entry when the model %s, and says so', async (_how, steps) => {
    const { composed, text } = await compose({ steps });
    expect(text).toContain('From eight.');
    expect(text).not.toContain('Half');
    expect(composed.answer).toMatchObject({
      response: text,
      answeredBy: 'knowledge_base',
      degraded: ['gemini'],
    });
    expect(composed.isShareable).toBe(false);
  });

  test('forgets what a model took back', async () => {
    const { composed, events, text } = await compose({ steps: ['Nonsense', 'RESTART', 'From eight on.'] });
    expect(events.filter(({ type }) => type === 'restart')).toHaveLength(1);
    expect([text, composed.answer.response]).toEqual(['From eight on.', 'From eight on.']);
  });

  test('takes nothing back before there was anything', async () => {
    const { events } = await compose({ steps: ['RESTART', 'From eight on.'] });
    expect(events.map(({ type }) => type)).toEqual(['sources', 'text']);
  });

  test('of a model that ends without finishing is no answer', async () => {
    await expect(compose({ steps: ['Half', 'STOP EARLY'] })).rejects.toThrow('without finishing');
  });

  test('ends with its reader', async () => {
    const leaving = new AbortController();
    leaving.abort(new Error('gone'));
    await expect(compose({ steps: ['From'], context: { signal: leaving.signal } })).rejects.toThrow('gone');
    await expect(compose({ steps: [out()], context: { signal: leaving.signal } })).rejects.toThrow('gone');
  });

  test('a bug in the model’s adapter is a bug', async () => {
    await expect(compose({ steps: [new TypeError('a bug')] })).rejects.toThrow('a bug');
  });

  test('names what the search and the opening did without', async () => {
    const { composed } = await compose({
      steps: ['Yes.'],
      outcome: { degraded: ['chroma'] },
      context: { degraded: ['redis'] },
    });
    expect(composed.answer.degraded).toEqual(['redis', 'chroma']);
    expect(composed.isShareable).toBe(false);
  });

  test('to what nothing is known of names no source, and costs no call of the model', async () => {
    const { composed, events, prompts } = await compose({
      steps: ['I guess.'],
      outcome: { confidence: 'none' },
      message: 'Who swept the moon?',
    });
    expect(events[0]).toEqual({ type: 'sources', sources: [] });
    expect(prompts).toEqual([]);
    expect(composed.answer).toMatchObject({ confidence: 'none', answeredBy: 'knowledge_base' });
  });

  test('in a conversation is searched with the question before it', async () => {
    const turns = [{ question: 'When is the library open?', answer: 'From eight.' }];
    const { searches, prompts } = await compose({
      steps: ['No.'],
      outcome: { confidence: 'none' },
      context: { turns },
      message: 'and on Sundays?',
    });
    expect(searches).toMatchObject([{ previousQuestion: 'When is the library open?' }]);
    expect(prompts[0]?.messages.length).toBe(3);
  });

  test('in German is in the language of the question', async () => {
    const { composed } = await compose({ message: 'Wann hat die Bibliothek offen?' });
    expect(composed.language).toBe('de');
  });

  test('asks for what it depends on, once in a conversation, and is nobody else’s then', async () => {
    const first = await compose({ outcome: { clarification: 'campus' } });
    expect(first.text).toMatch(/Garching.*\?$/s);
    expect(first.composed).toMatchObject({ askedForAudience: true, isShareable: false });
    const session = {
      startedAt: new Date(0),
      lastActiveAt: new Date(0),
      turnCount: 1,
      askedForAudience: true,
      role: 'student',
      campus: undefined,
    };
    const second = await compose({ outcome: { clarification: 'campus' }, context: { session } });
    expect(second.composed).toMatchObject({ askedForAudience: false, audience: { role: 'student' } });
  });

  test('that others got is given again, as a cached one of one’s own', async () => {
    const shared: ChatAnswer = {
      ...(await compose({ steps: ['From eight on.'] })).composed.answer,
      requestId: '',
    };
    const { composed, text, searches } = await compose({
      context: {
        sharedAnswer: { key: 'k', wait: async () => shared, renew: () => {}, release: () => {} },
      },
    });
    expect(text).toBe('From eight on.');
    expect(searches).toEqual([]);
    expect(composed.answer).toMatchObject({ requestId: 'request-1', cached: true, searchTimeMs: 0 });
    expect([composed.answer.model, composed.isShareable]).toEqual([undefined, false]);
  });

  test('to a greeting needs no search', async () => {
    const { searches, composed } = await compose({ message: 'Hello!' });
    expect(searches).toEqual([]);
    expect(composed.answer).toMatchObject({ confidence: 'high', sources: [] });
  });
});

describe('an emergency', () => {
  const message = 'I want to kill myself';

  test.each([undefined, ['From the model.']])(
    'gets notice and entry, with a model or without: %s',
    async (steps) => {
      const { composed, text, prompts, searches } = await compose({ steps, message });
      expect(text).toMatch(/^\*\*You are not alone.*Call at any hour\.$/su);
      expect(composed).toMatchObject({ isShareable: false, emergency: 'suicide' });
      expect(composed.answer).toMatchObject({
        response: text,
        answeredBy: 'knowledge_base',
        confidence: 'high',
      });
      expect(composed.answer.sources.map(({ id }) => id)).toEqual(['crisis-acute']);
      expect([...prompts, ...searches]).toEqual([]);
    },
  );

  test('leaves nothing but its category with statistics', async () => {
    const { composed } = await compose({ message });
    const request = createRequest({ message });
    const at = { askedAt: new Date(5), responseTimeMs: 12 };
    expect(describeAnswered({ request, composed, ...at })).toMatchObject({
      question: '',
      response: '',
      emergency: 'suicide',
    });
    const failed = { request, requestId: 'r', error: out(), ...at };
    const detectLanguage = vocabulary.detectLanguage;
    expect(describeFailed(failed, { detectLanguage, detectEmergency })).toMatchObject({
      question: '',
      emergency: 'suicide',
    });
  });
});

describe('the key of a shared answer', () => {
  const keyOf = (message: string, changes: Parameters<typeof createRequest>[0] = {}) =>
    createComposeAnswer({
      institution,
      vocabulary,
      detectEmergency,
      findEntry: () => undefined,
      search: { readAhead: () => undefined, search: async () => found },
      model: undefined,
      clock: createManualClock(),
      settings: {
        topK: 5,
        historyMessages: 12,
        maxHistoryCharacters: 8000,
        maxContextCharacters: 4000,
        fingerprint: 'fingerprint',
        modelLimitMs: 25_000,
      },
      knowledgeVersion: () => 1,
    }).shareKeyOf(createRequest({ message, ...changes }), undefined);

  test('is the same however it is typed, and another for another audience', () => {
    expect(keyOf('Where is the  library?')).toBe(keyOf('where is the library ?!'));
    expect(keyOf('Where is the library?')).not.toBe(keyOf('Where is the canteen?'));
    expect(keyOf('Where is the library?')).not.toBe(keyOf('Where is the library?', { campus: 'Garching' }));
    expect(keyOf('Where is the library?')).not.toBe(keyOf('Where is the library?', { role: 'student' }));
  });
});

describe('a rating', () => {
  test('counts for an answer of the pair that got it, for as long as claim or turn are kept', async () => {
    const clock = createManualClock();
    const state = createMemoryChatState(clock);
    const replica = createReplica({ state, clock });
    replica.ask();
    replica.ask(createRequest({ requestId: 'request-2', remember: false }));
    await clock.advance(100);
    const rated: string[] = [];
    const rate = createRateAnswer({
      ...state,
      record: async (_, { requestId }) => void rated.push(requestId),
    });
    const rating = (requestId: string) => ({ requestId, rating: 'up', comment: undefined }) as const;
    await rate(caller, rating('request-1'));
    await rate(caller, rating('request-2'));
    await rate({ ...caller }, rating('request-1'));
    for (const [who, requestId] of [
      [caller, 'request-3'],
      [{ ...caller, userId: 'eve' }, 'request-1'],
    ] as const) {
      await expect(rate(who, rating(requestId))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    expect(rated).toEqual(['request-1', 'request-2', 'request-1']);
    await settle();
  });
});

describe('what statistics see', () => {
  test('of an answer is what became of it', async () => {
    const composed: ComposedAnswer = (await compose({ steps: ['From eight on.'] })).composed;
    const described = describeAnswered({
      request: createRequest(),
      composed,
      askedAt: new Date(5),
      responseTimeMs: 12,
    });
    expect(described).toMatchObject({
      id: 'request-1',
      at: new Date(5),
      userId: 'ada',
      resultsCount: 1,
      topSimilarity: 0.9,
      answeredBy: 'model',
      responseTimeMs: 12,
    });
  });

  test.each([
    [new AppError('CONFLICT', 'no'), 'CONFLICT'],
    [out(), 'SERVICE_UNAVAILABLE'],
    [new Error('a bug'), 'INTERNAL_ERROR'],
  ])('of a failure is its code: %s', (error, errorCode) => {
    const failed = {
      request: createRequest(),
      requestId: 'r',
      askedAt: new Date(5),
      responseTimeMs: 12,
      error,
    };
    expect(
      describeFailed(failed, { detectLanguage: vocabulary.detectLanguage, detectEmergency }),
    ).toMatchObject({ errorCode, response: '' });
  });
});
