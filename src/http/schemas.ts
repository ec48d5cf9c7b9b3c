import { z } from '@hono/zod-openapi';
import type { Campus, Role } from '../domain/audience.ts';
import { errorCodes, lacks } from '../domain/errors.ts';
import { dropInvisible } from '../domain/language/drop-invisible.ts';
import { confidences } from '../domain/retrieval/confidence.ts';
import { searchMethods } from '../domain/retrieval/search-method.ts';

/** Arguments of a `refine` for text that every store and log can hold. */
export const plainText = [
  (text: string) => text.isWellFormed() && !text.includes('\0'),
  { error: 'must be valid Unicode text without NUL characters' },
] as const;

/** Text of a person: well-formed Unicode without NUL or what nobody sees, trimmed, its length in code points. */
export function personText(minimum: number, maximum: number) {
  return z
    .string()
    .refine(...plainText)
    .transform((text) => dropInvisible(text).trim())
    .refine((text) => [...text].length >= minimum && [...text].length <= maximum, {
      error: `must have ${minimum} to ${maximum} characters`,
    })
    .openapi({ type: 'string', minLength: minimum, maxLength: maximum });
}

const labelPattern = /^[A-Za-z0-9._:@-]{1,128}$/;
const label = z.string().regex(labelPattern, { error: 'must be 1 to 128 of A-Z a-z 0-9 . _ : @ -' });
/** A header that is sent empty is one that is not sent. */
const headerLabel = z.union([z.literal('').transform(() => undefined), label]).optional();

export const userIdSchema = label.openapi('UserId', { example: 'ga12abc' });
export const sessionIdSchema = label.openapi('SessionId', { example: 'mN0wVZ2Y4mTqk3dJc1u6Xw.c0ffee' });
export const requestIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9-]{8,64}$/, { error: 'must be 8 to 64 of A-Z a-z 0-9 -' })
  .openapi({ example: '0f8fad5bd9cb469fa16570867728950e' });

export const callerHeadersSchema = z.object({
  'x-user-id': headerLabel.openapi({ description: 'Label of the user; default anonymous.', type: 'string' }),
  'x-session-id': headerLabel.openapi({ description: 'Session to go on with.', type: 'string' }),
});

export const idempotentHeadersSchema = callerHeadersSchema.extend({
  'idempotency-key': requestIdSchema.optional().openapi({
    description:
      'The same key, route, user, session and body within 10 minutes gets the same answer. Without a session id ' +
      'it must be a random UUID.',
  }),
});

/** Roles and campuses that a request may name. */
export interface AudienceIds {
  roles: readonly Role[];
  campuses: readonly Campus[];
}

export const createAudienceFields = ({ roles, campuses }: AudienceIds) => ({
  user_role: z.enum(roles, { error: `must be one of ${roles.join(', ')}` }).nullish(),
  user_campus: z.enum(campuses, { error: `must be one of ${campuses.join(', ')}` }).nullish(),
});

/** What every success body carries. */
export const replyFields = {
  request_id: z.string().openapi({ example: '0f8fad5bd9cb469fa16570867728950e' }),
  timestamp: z.iso.datetime().openapi({ description: 'UTC.', example: '2026-03-01T10:00:00.000Z' }),
};

export const sourceSchema = z
  .object({
    id: z.string().openapi({ example: 'eduroam-windows' }),
    question: z.string().openapi({ example: 'How do I set up eduroam on Windows?' }),
    category: z.string().openapi({ example: 'Wi-Fi' }),
    url: z.string().nullable().openapi({ example: 'https://www.it.tum.de/en/it/eduroam/' }),
    similarity: z.number().openapi({ minimum: 0, maximum: 1, example: 0.82 }),
  })
  .openapi('Source');

export const chatReplySchema = z
  .object({
    response: z.string().openapi({ example: 'Install the profile with the eduroam CAT tool.' }),
    session_id: sessionIdSchema,
    sources: z.array(sourceSchema).openapi({ description: 'Best first.' }),
    confidence: z.enum(confidences),
    answered_by: z.enum(['model', 'knowledge_base']),
    cached: z.boolean(),
    search_method: z.enum(searchMethods),
    search_time: z.number().openapi({ description: 'Seconds.' }),
    results_count: z.int(),
    similarity_scores: z.array(z.number()),
    degraded: z.array(z.enum(lacks)),
    ...replyFields,
  })
  .openapi('ChatReply');

export const turnSchema = z
  .object({
    request_id: z.string(),
    question: z.string(),
    answer: z.string(),
    answered_at: z.iso.datetime(),
  })
  .openapi('Turn');

export const errorSchema = z
  .object({
    error: z.string().openapi({
      description: 'A sentence for a person.',
      example: 'message: must have 1 to 1000 characters.',
    }),
    code: z.enum(errorCodes).openapi({ example: 'VALIDATION_ERROR' }),
    status_code: z.int().openapi({ example: 400 }),
    details: z
      .unknown()
      .optional()
      .openapi({ example: [{ field: 'message', message: 'must have 1 to 1000 characters' }] }),
    ...replyFields,
  })
  .openapi('Error');

/** Reply of a route, and the errors that any route can give. */
export function jsonReply<T extends z.ZodType>(schema: T, description: string) {
  return {
    200: { content: { 'application/json': { schema } }, description },
    default: { content: { 'application/json': { schema: errorSchema } }, description: 'Any error.' },
  } as const;
}

export function jsonBody<T extends z.ZodType>(schema: T, required = true) {
  return { content: { 'application/json': { schema } }, required } as const;
}

/** Security of a route that is guarded by `authorize`, and open where that is empty. */
export const operatorsOnly = (authorize: readonly unknown[]) =>
  authorize.length > 0 ? [{ operator: [] }] : [];

/** Milliseconds as the wire's seconds, to a tenth of a millisecond. */
export const toSeconds = (ms: number) => Math.round(ms * 10) / 10_000;

export function replyMeta(requestId: string) {
  return { request_id: requestId, timestamp: new Date().toISOString() };
}
