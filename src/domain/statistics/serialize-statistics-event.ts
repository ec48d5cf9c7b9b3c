import { z } from 'zod';
import { languages } from '../audience.ts';
import { dependencies } from '../errors.ts';
import { confidences } from '../retrieval/confidence.ts';
import { searchMethods } from '../retrieval/search-method.ts';
import type { StatisticsEvent } from './statistics-event.ts';

// Postgres has no way to store U+0000 in a text.
const text = z.string().transform((value) => value.replaceAll('\0', ''));
const at = z.iso.datetime().transform((value) => new Date(value));
const count = z.int().min(0).max(2_147_483_647);
const durationMs = z.number().min(0).max(86_400_000);
const similarity = z.number().min(0).max(1);
/** May be missing in the JSON, never in the event. */
const maybe = <T>(schema: z.ZodType<T>) => schema.optional().transform((value) => value);
const base = { id: text.pipe(z.string().min(1)), at };
const audience = { role: maybe(text), campus: maybe(text) };

const interactionSchema = z.object({
  kind: z.literal('interaction'),
  ...base,
  userId: text,
  sessionHash: text,
  addressHash: maybe(text),
  question: text,
  response: text,
  emergency: maybe(text),
  ...audience,
  language: z.enum(languages),
  searchMethod: z.enum(searchMethods),
  resultsCount: count,
  topSimilarity: similarity,
  confidence: z.enum(confidences),
  answeredBy: z.enum(['model', 'knowledge_base']),
  cached: z.boolean(),
  degraded: z.array(z.enum(dependencies)),
  isOverBudget: maybe(z.boolean()),
  responseTimeMs: durationMs,
  searchTimeMs: durationMs,
  model: maybe(text),
  inputTokens: count,
  outputTokens: count,
  thoughtTokens: maybe(count),
  cachedTokens: maybe(count),
  errorCode: maybe(text),
});

const feedbackSchema = z.object({
  kind: z.literal('feedback'),
  ...base,
  userId: text,
  rating: z.enum(['up', 'down']),
  comment: maybe(text),
});

const searchSchema = z.object({
  kind: z.literal('search'),
  ...base,
  searchMethod: z.enum(searchMethods),
  resultsCount: count,
  topSimilarity: similarity,
  searchTimeMs: durationMs,
});

const sessionSchema = z.object({
  kind: z.literal('session'),
  ...base,
  userId: text,
  sessionHash: text,
  change: z.enum(['started', 'ended']),
  ...audience,
  turnCount: count,
});

const eventSchema = z.discriminatedUnion('kind', [
  interactionSchema,
  feedbackSchema,
  searchSchema,
  sessionSchema,
]);

/**
 * The form in which an event waits in the queue: JSON, dates in ISO 8601. Replicas of the version before refuse a lack
 * that they do not know, so that an answer for which no tokens were left lacks the model to them.
 */
export const serializeStatisticsEvent = (event: StatisticsEvent): string => {
  if (event.kind !== 'interaction' || !event.degraded.includes('budget')) return JSON.stringify(event);
  const degraded = event.degraded.map((lack) => (lack === 'budget' ? 'gemini' : lack));
  return JSON.stringify({ ...event, degraded: [...new Set(degraded)], isOverBudget: true });
};

/** @throws when the text is not an event, as a foreign or future program may have written it. */
export const parseStatisticsEvent = (json: string): StatisticsEvent => {
  const event = eventSchema.parse(JSON.parse(json));
  if (event.kind !== 'interaction') return event;
  const { isOverBudget, ...interaction } = event;
  if (!isOverBudget) return interaction;
  return {
    ...interaction,
    degraded: interaction.degraded.map((lack) => (lack === 'gemini' ? 'budget' : lack)),
  };
};
