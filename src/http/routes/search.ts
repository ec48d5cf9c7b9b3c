import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { dependencies as dependencyNames } from '../../domain/errors.ts';
import { findWording } from '../../domain/knowledge/knowledge-entry.ts';
import type { DetectLanguage } from '../../domain/language/detect-language.ts';
import type { Search, SearchOutcome } from '../../domain/retrieval/search.ts';
import { searchMethods } from '../../domain/retrieval/search-method.ts';
import type { AppEnv } from '../app-env.ts';
import { refuseInvalid } from '../refuse-invalid.ts';
import {
  type AudienceIds,
  createAudienceFields,
  jsonBody,
  jsonReply,
  operatorsOnly,
  personText,
  replyFields,
  replyMeta,
  sourceSchema,
  toSeconds,
} from '../schemas.ts';

const createSearchRequestSchema = (audience: AudienceIds) =>
  z
    .object({
      query: personText(1, 1000).openapi({ example: 'library opening hours' }),
      method: z
        .enum(searchMethods, { error: `must be one of ${searchMethods.join(', ')}` })
        .default('hybrid'),
      top_k: z.int().min(1).max(20).optional(),
      ...createAudienceFields(audience),
    })
    .openapi('SearchRequest');

const searchReplySchema = z
  .object({
    results: z.array(
      sourceSchema.extend({
        answer: z.string(),
        semantic_similarity: z.number().nullable(),
        keyword_score: z.number().nullable(),
      }),
    ),
    results_count: z.int(),
    confidence: z.string(),
    method: z.enum(searchMethods).openapi({ description: 'The method that was really used.' }),
    search_time: z.number().openapi({ description: 'Seconds.' }),
    degraded: z.array(z.enum(dependencyNames)),
    ...replyFields,
  })
  .openapi('SearchReply');

export interface SearchRoutesDependencies {
  detectLanguage: DetectLanguage;
  audience: AudienceIds;
  search: Search;
  /** Entries per method unless the request says how many. */
  defaultTopK: Record<(typeof searchMethods)[number], number>;
  /** Guards the route in production. */
  authorize: MiddlewareHandler<AppEnv>[];
  onSearched: (requestId: string, outcome: SearchOutcome) => void;
}

export function createSearchRoutes(dependencies: SearchRoutesDependencies) {
  const { search, defaultTopK, authorize, onSearched } = dependencies;
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid });
  const searchRoute = createRoute({
    method: 'post',
    path: '/api/search',
    tags: ['search'],
    summary: 'Search the knowledge base without answering',
    middleware: authorize,
    security: operatorsOnly(authorize),
    request: { body: jsonBody(createSearchRequestSchema(dependencies.audience)) },
    responses: jsonReply(searchReplySchema, 'The entries found, best first.'),
  });
  routes.openapi(searchRoute, async (c) => {
    const { query, method, top_k, user_role, user_campus } = c.req.valid('json');
    const outcome = await search.search({
      query,
      method,
      topK: top_k ?? defaultTopK[method],
      audience: { role: user_role ?? undefined, campus: user_campus ?? undefined },
      signal: c.req.raw.signal,
    });
    onSearched(c.get('requestId'), outcome);
    const language = dependencies.detectLanguage(query);
    const results = outcome.results.map(({ entry, similarity, semanticSimilarity, keywordScore }) => {
      const { question, answer } = findWording(entry, language);
      return {
        id: entry.id,
        question,
        answer,
        category: entry.category,
        url: entry.url,
        similarity,
        semantic_similarity: semanticSimilarity ?? null,
        keyword_score: keywordScore ?? null,
      };
    });
    return c.json(
      {
        results,
        results_count: results.length,
        confidence: outcome.confidence,
        method: outcome.method,
        search_time: toSeconds(outcome.searchTimeMs),
        degraded: outcome.degraded,
        ...replyMeta(c.get('requestId')),
      },
      200,
    );
  });
  return routes;
}
