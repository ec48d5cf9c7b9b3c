import type { Audience } from '../audience.ts';
import { type Dependency, isDependencyError } from '../errors.ts';
import type { KnowledgeEntry } from '../knowledge/knowledge-entry.ts';
import type { VectorIndex, VectorMatch } from '../knowledge/vector-index.ts';
import { stemEnglish } from '../language/stem.ts';
import { type Clarification, findClarification, weighAudience } from './audience-preference.ts';
import type { Confidence } from './confidence.ts';
import { rateConfidence } from './confidence-bands.ts';
import { joinFollowUp } from './follow-up.ts';
import { fuseScores, toSimilarity } from './fusion.ts';
import type { QueryConcept } from './keyword-index.ts';
import { type KnowledgeView, toPhrasing } from './knowledge-view.ts';
import { type EmbedQuery, embeddingCacheKey } from './query-embedding.ts';
import type { SearchMethod } from './search-method.ts';

export interface SearchRequest {
  query: string;
  method: SearchMethod;
  topK: number;
  /** What is known of the asker; a campus or role named in the query goes before it. */
  audience?: Audience;
  /** The asker's question before this one, for follow-ups. */
  previousQuestion?: string | undefined;
  readAhead?: ReadAhead | undefined;
  signal?: AbortSignal;
}

/** A query that is read before its search, so that its embedding can be looked up on the way. */
export interface ReadAhead {
  /** Of the query alone, without a question before it. */
  prepared: PreparedQuery;
  view: KnowledgeView;
  /** In the embedding cache. */
  embeddingKey: string;
  /** What the cache holds under that key; undefined for nothing. */
  cachedEmbedding?: readonly number[] | undefined;
}

export interface SearchResult {
  entry: KnowledgeEntry;
  /** Fused, 0..1. */
  similarity: number;
  semanticSimilarity?: number | undefined;
  /** About 1 for a full match. */
  keywordScore?: number | undefined;
}

export interface SearchOutcome {
  /** Best first, at most topK, none below the threshold. */
  results: SearchResult[];
  confidence: Confidence;
  /** What was searched: the query, joined with what it refers to. */
  queryText: string;
  /** The method that really ran. */
  method: SearchMethod;
  /** `gemini` when the query could not be embedded, `chroma` when the vectors could not be searched. */
  degraded: Dependency[];
  searchTimeMs: number;
  /** Set when the best entries differ by campus or role only, and the asker's is not known. */
  clarification?: Clarification;
}

export interface SearchDependencies {
  /** The live knowledge version; undefined until the first is loaded. */
  knowledge: () => KnowledgeView | undefined;
  /** @throws DependencyError when it cannot. */
  embedQuery: EmbedQuery;
  vectorIndex: Pick<VectorIndex, 'query'>;
  settings: { similarityThreshold: number };
  /** Monotonic clock in milliseconds. */
  now?: () => number;
}

export interface Search {
  /** Reads a query without searching; undefined without knowledge. */
  readAhead(query: string): ReadAhead | undefined;
  /** Never throws for a dependency that is out: it searches by keyword alone. */
  search(request: SearchRequest): Promise<SearchOutcome>;
}

export interface PreparedQuery {
  queryText: string;
  /** What is embedded: also the key for caching an embedding. */
  embeddingText: string;
  concepts: readonly QueryConcept[];
  /** Of the concepts, those of which an entry should name at least one; empty for no such wish. */
  subject: readonly QueryConcept[];
}

/** The packaged encoder knows English only, so it gets English; others read any language and typing errors as well. */
const englishOnlyModels: ReadonlySet<string> = new Set(['local']);
/** Share of words that a follow-up carries over: what it adds ("and on macOS?") tells entries on one subject apart. */
const carriedWeight = 0.6;
/** Factor for entries that say nothing of the subject which a follow-up keeps. */
const otherSubjectFactor = 0.8;
const circumstanceStems = new Set(
  ['open', 'hours', 'time', 'cost', 'price', 'long', 'much', 'deadline'].map(stemEnglish),
);
/** Above every other score, whatever else is preferred: 0.7 for another campus, say. */
const storedQuestionScore = 3;
/** Enough that an entry which only its words find is rarely missing here. */
const vectorCandidates = 50;

/** What a question is about: not the campus or a generic word, which weigh less, nor when and for how much. */
const toSubject = (concepts: readonly QueryConcept[]): QueryConcept[] =>
  concepts.filter(
    ({ stems, weight }) =>
      weight >= carriedWeight && ![...stems.keys()].some((stem) => circumstanceStems.has(stem)),
  );

/** Reads a query without searching: pure, about half a millisecond. */
export function prepareQuery(view: KnowledgeView, query: string, previousQuestion?: string): PreparedQuery {
  const { text, carried, keepsSubject } = joinFollowUp(view.vocabulary, query, previousQuestion);
  const own = view.queryInterpreter.interpret(query);
  const earlier = carried === undefined ? undefined : view.queryInterpreter.interpret(carried, carriedWeight);
  const englishText = [earlier?.englishText, own.englishText].filter(Boolean).join(' ');
  return {
    queryText: text,
    embeddingText: englishOnlyModels.has(view.version.embeddingModel) ? englishText : text,
    concepts: [...(earlier?.concepts ?? []), ...own.concepts],
    subject: keepsSubject ? toSubject(earlier?.concepts ?? []) : [],
  };
}

/** Entries beyond the nearest ones are at most as similar as the last of those. */
function toSemanticScores(matches: readonly VectorMatch[]): SemanticScores {
  const nearest = new Map(matches.map(({ entryId, similarity }) => [entryId, similarity]));
  const last = matches.length < vectorCandidates ? 0 : (matches.at(-1)?.similarity ?? 0);
  return { nearest, last };
}

interface SemanticScores {
  nearest: ReadonlyMap<string, number>;
  /** For entries that are not among the nearest. */
  last: number;
}

interface FoundScores {
  keyword: ReadonlyMap<string, number> | undefined;
  semantic: SemanticScores | undefined;
  /** Entries on the subject of a follow-up; undefined when any subject will do. */
  onSubject: ReadonlySet<string> | undefined;
  /** Entries that have the question stored word for word. */
  asStored: ReadonlySet<string>;
}

/** Candidates of either search, best first by fused score; the score may exceed 1 where the similarity is cut. */
function rankEntries(
  view: KnowledgeView,
  { keyword, semantic, onSubject, asStored }: FoundScores,
  audience: Audience,
): SearchResult[] {
  const scored: { score: number; result: SearchResult }[] = [];
  for (const id of new Set([...asStored, ...(keyword?.keys() ?? []), ...(semantic?.nearest.keys() ?? [])])) {
    const entry = view.entries.get(id);
    if (entry === undefined) continue;
    const keywordScore = keyword && (keyword.get(id) ?? 0);
    const semanticSimilarity = semantic && (semantic.nearest.get(id) ?? semantic.last);
    const score =
      (asStored.has(id)
        ? storedQuestionScore
        : fuseScores({ keyword: keywordScore, semantic: semanticSimilarity })) *
      weighAudience(view, entry, audience) *
      (onSubject === undefined || onSubject.has(id) ? 1 : otherSubjectFactor);
    scored.push({
      score,
      result: { entry, similarity: toSimilarity(score), semanticSimilarity, keywordScore },
    });
  }
  return scored.sort((a, b) => b.score - a.score).map(({ result }) => result);
}

export function createSearch(deps: SearchDependencies): Search {
  const { knowledge, embedQuery, vectorIndex, settings, now = () => performance.now() } = deps;

  /** The nearest entries, or what was out. */
  async function searchVectors(
    view: KnowledgeView,
    text: string,
    request: SearchRequest,
  ): Promise<VectorMatch[] | Dependency> {
    const { readAhead, signal } = request;
    const isLookedUp = readAhead?.view === view && readAhead.prepared.embeddingText === text;
    try {
      const embedding = await embedQuery(text, view.version.embeddingModel, {
        signal,
        lookedUp: isLookedUp ? { embedding: readAhead.cachedEmbedding } : undefined,
      });
      return await vectorIndex.query(view.version.version, embedding, vectorCandidates);
    } catch (error) {
      signal?.throwIfAborted();
      if (isDependencyError(error)) return error.dependency;
      throw error;
    }
  }

  async function searchView(
    view: KnowledgeView,
    request: SearchRequest,
  ): Promise<Omit<SearchOutcome, 'searchTimeMs'>> {
    const { readAhead, previousQuestion } = request;
    const prepared =
      readAhead?.view === view && previousQuestion === undefined
        ? readAhead.prepared
        : prepareQuery(view, request.query, previousQuestion);
    const vectors =
      request.method === 'keyword' ? undefined : searchVectors(view, prepared.embeddingText, request);
    const keywordScores = view.keywordIndex.search(prepared.concepts);
    const matches = await vectors;
    const out = typeof matches === 'string' ? matches : undefined;
    const semantic = Array.isArray(matches) ? toSemanticScores(matches) : undefined;
    const method = semantic === undefined ? 'keyword' : request.method;

    const audience = {
      ...request.audience,
      ...view.vocabulary.detectAudience(prepared.queryText),
      ...view.vocabulary.detectAudience(request.query),
    };
    const keyword = method === 'semantic' ? undefined : keywordScores;
    const onSubject =
      prepared.subject.length > 0 ? new Set(view.keywordIndex.search(prepared.subject).keys()) : undefined;
    const asStored = view.phrasings.get(toPhrasing(request.query)) ?? new Set();
    const matching = rankEntries(view, { keyword, semantic, onSubject, asStored }, audience).filter(
      ({ similarity }) => similarity >= settings.similarityThreshold,
    );
    const scoring = method === 'keyword' ? 'keyword only' : view.version.embeddingModel;
    const confidence = rateConfidence(matching[0]?.similarity ?? 0, scoring);
    const clarification = confidence === 'high' ? findClarification(view, matching, audience) : undefined;
    return {
      results: matching.slice(0, request.topK),
      confidence,
      queryText: prepared.queryText,
      method,
      degraded: out === undefined ? [] : [out],
      ...(clarification && { clarification }),
    };
  }

  return {
    readAhead(query) {
      const view = knowledge();
      if (view === undefined) return undefined;
      const prepared = prepareQuery(view, query);
      const embeddingKey = embeddingCacheKey(view.version.embeddingModel, prepared.embeddingText);
      return { view, prepared, embeddingKey };
    },
    async search(request) {
      const startedMs = now();
      const view = knowledge();
      const outcome =
        view === undefined
          ? {
              results: [],
              confidence: 'none' as const,
              queryText: request.query,
              method: request.method,
              // Nothing was loaded: the stores were out when this replica started, or are empty.
              degraded: ['chroma' as const],
            }
          : await searchView(view, request);
      return { ...outcome, searchTimeMs: now() - startedMs };
    },
  };
}
