import type { Audience, Language } from '../audience.ts';
import type { Clock } from '../clock.ts';
import { type Dependency, isDependencyError, type Lack } from '../errors.ts';
import type { Institution, SmallTalkKind } from '../institution.ts';
import { findWording, type KnowledgeEntry } from '../knowledge/knowledge-entry.ts';
import type { Vocabulary } from '../language/vocabulary.ts';
import type { LanguageModel } from '../models/language-model.ts';
import type { ReadAhead, Search, SearchOutcome } from '../retrieval/search.ts';
import type { Session } from '../sessions/session-store.ts';
import { answerCacheKey } from './answer-cache-key.ts';
import { buildPrompt } from './build-prompt.ts';
import type { ChatAnswer, PastTurn, Source } from './chat-answer.ts';
import type { ChatRequest } from './chat-request.ts';
import {
  chooseEmergencyEntry,
  type DetectEmergency,
  type Emergency,
  findEmergencyNotice,
} from './emergency-notice.ts';
import {
  type Clarification,
  composeClarifyingQuestion,
  composeEntry,
  composeKnowledgeAnswer,
} from './knowledge-answer.ts';
import type { SharedAnswer } from './shared-answer.ts';

export interface ComposeAnswerDependencies {
  institution: Institution;
  vocabulary: Vocabulary;
  detectEmergency: DetectEmergency;
  /** Of the knowledge that answers now. */
  findEntry: (id: string) => KnowledgeEntry | undefined;
  search: Search;
  /** Undefined without a key: the knowledge base answers. */
  model: LanguageModel | undefined;
  clock: Clock;
  settings: {
    topK: number;
    /** Messages of the history that enter the prompt; a turn is two. */
    historyMessages: number;
    maxHistoryCharacters: number;
    maxContextCharacters: number;
    /** Names model, its settings and the system instruction; part of the cache key. */
    fingerprint: string;
    /** Time for the whole answer of the model. */
    modelLimitMs: number;
  };
  /** Version of the knowledge that answers now; part of the cache key. */
  knowledgeVersion: () => number;
}

/** What is known when an answer begins. */
export interface AnswerContext {
  request: ChatRequest;
  requestId: string;
  session: Session | undefined;
  /** The newest turns, oldest first. */
  turns: readonly PastTurn[];
  /** The answer that others asking the same get as well; undefined where it depends on more than the question. */
  sharedAnswer: SharedAnswer | undefined;
  readAhead: ReadAhead | undefined;
  /** What is already known to be out. */
  degraded: readonly Dependency[];
  signal: AbortSignal;
  /** When the question came, on the clock; the whole answer is due from then on. */
  startedAtMs: number;
}

/** What becomes known of an answer while it is composed. `restart` voids the text so far, not the sources. */
export type CompositionEvent =
  | { type: 'sources'; sources: readonly Source[] }
  | { type: 'text'; text: string }
  | { type: 'restart' };

type Composition<T> = AsyncGenerator<CompositionEvent, T, void>;

export interface ComposedAnswer {
  answer: ChatAnswer;
  audience: Audience;
  language: Language;
  /** Set when the answer asked for campus or role. */
  askedForAudience: boolean;
  /** Whether others who ask the same may get it. */
  isShareable: boolean;
  /** Category of the emergency that the message told of: nothing keeps such a message but its session. */
  emergency?: string | undefined;
}

/** What is known of the asker, what of this question, and its language. */
export function understandQuestion(
  vocabulary: Vocabulary,
  request: ChatRequest,
  session: Session | undefined,
  previousQuestion?: string,
) {
  const stated = vocabulary.detectStatedAudience(request.message);
  const asker: Audience = {
    role: request.role ?? stated.role ?? session?.role,
    campus: request.campus ?? stated.campus ?? session?.campus,
  };
  const audience: Audience = { ...asker, ...vocabulary.detectAudience(request.message) };
  // A bare "Garching" is in the language of the conversation.
  const language = vocabulary.detectLanguage(
    request.message,
    previousQuestion === undefined ? undefined : vocabulary.detectLanguage(previousQuestion),
  );
  return { asker, audience, language };
}

type Understood = ReturnType<typeof understandQuestion>;

/** Decides what is answered: what others got, what the model makes of the entries found, or the entries alone. */
export function createComposeAnswer(dependencies: ComposeAnswerDependencies) {
  const { institution, vocabulary, detectEmergency, search, model, clock, settings, knowledgeVersion } =
    dependencies;

  /** Yields the answer as it is written, and returns it whole. @throws the signal's reason when it aborts. */
  async function* compose(context: AnswerContext): Composition<ComposedAnswer> {
    const { request, session, turns, sharedAnswer } = context;
    const understood = understandQuestion(vocabulary, request, session, turns.at(-1)?.question);
    const { asker, audience, language } = understood;
    const emergency = detectEmergency(request.message);
    if (emergency) return yield* helpAtOnce(context, understood, emergency);
    // Whoever waited in vain must have time left for an answer of its own.
    const waitUntilMs = context.startedAtMs + settings.modelLimitMs / 2;
    const shared = await sharedAnswer?.wait(waitUntilMs, context.signal);
    if (shared) return yield* reuse(context, shared, understood);

    const smallTalk = vocabulary.detectSmallTalk(request.message);
    const found = smallTalk ? nothingToSearch : await searchEntries(context, asker);
    const sources =
      found.confidence === 'none' ? [] : found.results.map((result) => toSource(result, language));
    yield { type: 'sources', sources };

    const clarification = session?.askedForAudience ? undefined : found.clarification;
    const question: Question = {
      context,
      audience,
      language,
      found,
      smallTalk,
      clarification,
    };
    const isModelNeeded = smallTalk || found.confidence !== 'none' || turns.length > 0;
    const written =
      model !== undefined && isModelNeeded
        ? yield* askModel(question, model)
        : yield* fromKnowledge(question);

    const degraded = [...new Set([...context.degraded, ...found.degraded, ...written.degraded])];
    const answer: ChatAnswer = {
      requestId: context.requestId,
      sessionId: request.caller.sessionId,
      response: written.text,
      sources,
      confidence: smallTalk ? 'high' : found.confidence,
      answeredBy: written.model ? 'model' : 'knowledge_base',
      cached: false,
      searchMethod: found.method,
      searchTimeMs: found.searchTimeMs,
      degraded,
      answeredAt: new Date(),
      model: written.model,
    };
    return {
      answer,
      audience: asker,
      language,
      askedForAudience: clarification !== undefined,
      isShareable: degraded.length === 0 && clarification === undefined,
    };
  }

  /** The numbers and the entry that helps: the same with and without a model, and with everything else out. */
  async function* helpAtOnce(
    context: AnswerContext,
    { asker, audience, language }: Understood,
    emergency: Emergency,
  ): Composition<ComposedAnswer> {
    const entry = chooseEmergencyEntry(emergency, audience.campus, dependencies.findEntry);
    const sources = entry ? [toSource({ entry, similarity: 1 }, language)] : [];
    const notice = findEmergencyNotice(institution, emergency, audience.campus)[language];
    const response = entry ? `${notice}\n\n${composeEntry(institution, entry, language)}` : notice;
    yield { type: 'sources', sources };
    yield { type: 'text', text: response };
    const answer: ChatAnswer = {
      requestId: context.requestId,
      sessionId: context.request.caller.sessionId,
      response,
      sources,
      confidence: 'high',
      answeredBy: 'knowledge_base',
      cached: false,
      searchMethod: nothingToSearch.method,
      searchTimeMs: 0,
      degraded: [...context.degraded],
      answeredAt: new Date(),
    };
    const { category } = emergency;
    return {
      answer,
      audience: asker,
      language,
      askedForAudience: false,
      isShareable: false,
      emergency: category,
    };
  }

  async function* reuse(
    context: AnswerContext,
    shared: ChatAnswer,
    { asker, language }: Understood,
  ): Composition<ComposedAnswer> {
    yield { type: 'sources', sources: shared.sources };
    yield { type: 'text', text: shared.response };
    const answer: ChatAnswer = {
      ...shared,
      requestId: context.requestId,
      sessionId: context.request.caller.sessionId,
      cached: true,
      searchTimeMs: 0,
      answeredAt: new Date(),
      model: undefined,
    };
    return { answer, audience: asker, language, askedForAudience: false, isShareable: false };
  }

  function searchEntries(context: AnswerContext, audience: Audience): Promise<SearchOutcome> {
    const { request, turns, readAhead, signal } = context;
    return search.search({
      query: request.message,
      method: 'hybrid',
      topK: settings.topK,
      audience,
      previousQuestion: turns.at(-1)?.question,
      readAhead,
      signal,
    });
  }

  async function* askModel(question: Question, languageModel: LanguageModel): Composition<Written> {
    const { context, audience, language, found, smallTalk, clarification } = question;
    const prompt = buildPrompt(institution, {
      question: context.request.message,
      language,
      audience,
      turns: context.turns,
      entries: found.confidence === 'none' ? [] : found.results.map(({ entry }) => entry),
      confidence: smallTalk ? 'high' : found.confidence,
      historyMessages: settings.historyMessages,
      maxHistoryCharacters: settings.maxHistoryCharacters,
      maxContextCharacters: settings.maxContextCharacters,
      clarification,
    });
    const startedAtMs = clock.now();
    const deadlineAt = context.startedAtMs + settings.modelLimitMs;
    let text = '';
    try {
      for await (const event of languageModel.generate(prompt, { signal: context.signal, deadlineAt })) {
        if (event.type === 'text') {
          text += event.text;
          yield event;
        } else if (event.type === 'restart') {
          if (text !== '') yield { type: 'restart' };
          text = '';
        } else {
          const durationMs = clock.now() - startedAtMs;
          return { text, degraded: [], model: { name: event.model, ...event.usage, durationMs } };
        }
      }
      throw new Error('the model ended without finishing');
    } catch (error) {
      if (!isDependencyError(error) || context.signal.aborted) throw error;
      if (text !== '') yield { type: 'restart' };
      return {
        ...(yield* fromKnowledge(question)),
        degraded: [error.reason === 'over_budget' ? 'budget' : 'gemini'],
      };
    }
  }

  async function* fromKnowledge(question: Question): Composition<Written> {
    const { language, smallTalk } = question;
    const text = smallTalk ? smallTalk.reply[language] : composeFromEntries(institution, question);
    yield { type: 'text', text };
    return { text, degraded: [], model: undefined };
  }

  return {
    compose,
    /** Key of the answer to a first question, as far as the request and its session tell. */
    shareKeyOf(request: ChatRequest, session: Session | undefined): string {
      return answerCacheKey({
        message: request.message,
        ...understandQuestion(vocabulary, request, session),
        knowledgeVersion: knowledgeVersion(),
        fingerprint: settings.fingerprint,
      });
    },
  };
}
export type ComposeAnswer = ReturnType<typeof createComposeAnswer>;

interface Question {
  context: AnswerContext;
  audience: Audience;
  language: Language;
  found: SearchOutcome;
  smallTalk: SmallTalkKind | undefined;
  clarification: Clarification | undefined;
}

function composeFromEntries(
  institution: Institution,
  { context, audience, language, found, clarification }: Question,
): string {
  const { results, confidence } = found;
  const entries = results.map(({ entry }) => entry);
  const answer = composeKnowledgeAnswer(institution, {
    question: context.request.message,
    language,
    audience,
    entries,
    confidence,
  });
  return clarification
    ? `${answer}\n\n${composeClarifyingQuestion(institution, clarification, language)}`
    : answer;
}

interface Written {
  text: string;
  degraded: readonly Lack[];
  model: ChatAnswer['model'];
}

/** Small talk asks nothing. */
const nothingToSearch: SearchOutcome = {
  results: [],
  confidence: 'none',
  method: 'hybrid',
  queryText: '',
  degraded: [],
  searchTimeMs: 0,
};

function toSource({ entry, similarity }: SearchOutcome['results'][number], language: Language): Source {
  const { id, category, url } = entry;
  const { question } = findWording(entry, language);
  return { id, question, category, url, similarity: Math.round(similarity * 10_000) / 10_000 };
}
