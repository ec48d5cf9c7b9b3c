import type { Audience, Language } from '../audience.ts';
import { type Dependency, isDependencyError } from '../errors.ts';
import type { Institution, SmallTalkKind } from '../institution.ts';
import { findWording } from '../knowledge/knowledge-entry.ts';
import type { Vocabulary } from '../language/vocabulary.ts';
import type { LanguageModel } from '../models/language-model.ts';
import type { ReadAhead, Search, SearchOutcome } from '../retrieval/search.ts';
import type { Session } from '../sessions/session-store.ts';
import type { AnswerCache, AnswerTicket } from './answer-cache.ts';
import { answerCacheKey } from './answer-cache-key.ts';
import { buildPrompt } from './build-prompt.ts';
import type { ChatAnswer, PastTurn, Source } from './chat-answer.ts';
import type { ChatRequest } from './chat-request.ts';
import { findEmergencyNotice } from './emergency-notice.ts';
import { type Clarification, composeClarifyingQuestion, composeKnowledgeAnswer } from './knowledge-answer.ts';
import { waitForAnswer } from './shared-answer.ts';

export interface ComposeAnswerDependencies {
  institution: Institution;
  vocabulary: Vocabulary;
  search: Search;
  /** Undefined without a key: the knowledge base answers. */
  model: LanguageModel | undefined;
  answerCache: AnswerCache;
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
  /** What the opening of the chat learned about the cached answer of that key. */
  answerTicket: { key: string; ticket: AnswerTicket } | undefined;
  readAhead: ReadAhead | undefined;
  /** What is already known to be out. */
  degraded: readonly Dependency[];
  signal: AbortSignal;
  /** When the question came, on the clock of `performance.now()`; the whole answer is due from then on. */
  startedAtMs: number;
  /** Told the key under which this answer may be shared, before anything is written; undefined for none. */
  holdAnswerKey(key: string | undefined): void;
  emit: {
    sources(sources: readonly Source[]): void;
    text(text: string): void;
    /** Voids the text so far. */
    restart(): Promise<void>;
  };
}

export interface ComposedAnswer {
  answer: ChatAnswer;
  audience: Audience;
  language: Language;
  /** Set when the answer asked for campus or role. */
  askedForAudience: boolean;
  /** Set when the answer may be cached. */
  answerKey: string | undefined;
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

/** Decides what is answered: from the cache, by the model over the entries found, or from the entries alone. */
export function createComposeAnswer(dependencies: ComposeAnswerDependencies) {
  const { institution, vocabulary, search, model, answerCache, settings, knowledgeVersion } = dependencies;

  function cacheKeyOf(request: ChatRequest, understood: Understood): string {
    return answerCacheKey({
      message: request.message,
      ...understood,
      knowledgeVersion: knowledgeVersion(),
      fingerprint: settings.fingerprint,
    });
  }

  async function compose(context: AnswerContext): Promise<ComposedAnswer> {
    const { request, session, turns } = context;
    const isFirst = turns.length === 0;
    const understood = understandQuestion(vocabulary, request, session, turns.at(-1)?.question);
    const { asker, audience, language } = understood;
    const key = isFirst ? cacheKeyOf(request, understood) : undefined;
    context.holdAnswerKey(key);
    const cached = await findCached(context, key);
    if (cached) return reuse(context, cached, understood);

    const notice = findEmergencyNotice(institution, request.message, audience.campus, language);
    const emit = notice === undefined ? context.emit : withNotice(context.emit, notice);
    const smallTalk = vocabulary.detectSmallTalk(request.message);
    const found = smallTalk ? nothingToSearch : await searchEntries(context, asker);
    const sources =
      found.confidence === 'none' ? [] : found.results.map((result) => toSource(result, language));
    emit.sources(sources);

    const clarification = session?.askedForAudience ? undefined : found.clarification;
    const question: Question = { context, emit, audience, language, found, smallTalk, clarification };
    const isModelNeeded = model !== undefined && (smallTalk || found.confidence !== 'none' || !isFirst);
    const written = isModelNeeded ? await askModel(question, model) : fromKnowledge(question);

    const degraded = [...new Set([...context.degraded, ...found.degraded, ...written.degraded])];
    const answer: ChatAnswer = {
      requestId: context.requestId,
      sessionId: request.caller.sessionId,
      response: notice === undefined ? written.text : `${notice}\n\n${written.text}`,
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
    const isCacheable = key !== undefined && degraded.length === 0 && clarification === undefined;
    return {
      answer,
      audience: asker,
      language,
      askedForAudience: clarification !== undefined,
      answerKey: isCacheable ? key : undefined,
    };
  }

  /** The cached answer, waiting for one that is being written elsewhere. */
  async function findCached(
    context: AnswerContext,
    key: string | undefined,
  ): Promise<ChatAnswer | undefined> {
    if (key === undefined || context.degraded.includes('redis')) return undefined;
    const ticket = context.answerTicket?.key === key ? context.answerTicket.ticket : undefined;
    // Whoever waited in vain must have time left for an answer of its own.
    const untilMs = context.startedAtMs + settings.modelLimitMs / 2;
    return waitForAnswer(answerCache, key, context.request.requestId, ticket, untilMs, context.signal);
  }

  function reuse(
    context: AnswerContext,
    cached: ChatAnswer,
    { asker, language }: Understood,
  ): ComposedAnswer {
    context.emit.sources(cached.sources);
    context.emit.text(cached.response);
    const answer: ChatAnswer = {
      ...cached,
      requestId: context.requestId,
      sessionId: context.request.caller.sessionId,
      cached: true,
      searchTimeMs: 0,
      answeredAt: new Date(),
      model: undefined,
    };
    return { answer, audience: asker, language, askedForAudience: false, answerKey: undefined };
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

  async function askModel(question: Question, languageModel: LanguageModel): Promise<Written> {
    const { context, emit, audience, language, found, smallTalk, clarification } = question;
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
    const startedAtMs = performance.now();
    const deadlineAt = context.startedAtMs + settings.modelLimitMs;
    let text = '';
    try {
      for await (const event of languageModel.generate(prompt, { signal: context.signal, deadlineAt })) {
        if (event.type === 'text') {
          text += event.text;
          emit.text(event.text);
        } else if (event.type === 'restart') {
          if (text !== '') await emit.restart();
          text = '';
        } else {
          const durationMs = performance.now() - startedAtMs;
          return { text, degraded: [], model: { name: event.model, ...event.usage, durationMs } };
        }
      }
      throw new Error('the model ended without finishing');
    } catch (error) {
      if (!isDependencyError(error) || context.signal.aborted) throw error;
      if (text !== '') await emit.restart();
      return { ...fromKnowledge(question), degraded: ['gemini'] };
    }
  }

  function fromKnowledge(question: Question): Written {
    const { emit, language, smallTalk } = question;
    const text = smallTalk ? smallTalk.reply[language] : composeFromEntries(institution, question);
    emit.text(text);
    return { text, degraded: [], model: undefined };
  }

  return {
    compose,
    /** Key of the answer to the first question of a session. */
    cacheKeyOf: (request: ChatRequest, session: Session | undefined) =>
      cacheKeyOf(request, understandQuestion(vocabulary, request, session)),
  };
}
export type ComposeAnswer = ReturnType<typeof createComposeAnswer>;

interface Question {
  context: AnswerContext;
  emit: AnswerContext['emit'];
  audience: Audience;
  language: Language;
  found: SearchOutcome;
  smallTalk: SmallTalkKind | undefined;
  clarification: Clarification | undefined;
}

/** The notice stands before the text, also before a text that begins anew. */
function withNotice(emit: AnswerContext['emit'], notice: string): AnswerContext['emit'] {
  const begin = () => emit.text(`${notice}\n\n`);
  return {
    text: emit.text,
    sources(sources) {
      emit.sources(sources);
      begin();
    },
    async restart() {
      await emit.restart();
      begin();
    },
  };
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
  degraded: readonly Dependency[];
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
