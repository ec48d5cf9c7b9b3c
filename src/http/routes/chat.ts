import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { AnswerQuestion } from '../../domain/chat/answer-question.ts';
import type { ChatAnswer } from '../../domain/chat/chat-answer.ts';
import { type ChatEvent, formatPosition, parsePosition, resumeAfter } from '../../domain/chat/chat-event.ts';
import type { ChatRequest, Transport } from '../../domain/chat/chat-request.ts';
import { AppError } from '../../domain/errors.ts';
import { type Admission, admitOrPass, releaseAfter } from '../admission.ts';
import type { AppEnv } from '../app-env.ts';
import { callerWithSession, type IdentifyCaller } from '../caller.ts';
import type { PassEmergency } from '../emergency-passage.ts';
import { errorBody, toAppError } from '../error-response.ts';
import { refuseInvalid } from '../refuse-invalid.ts';
import {
  type AudienceIds,
  callerHeadersSchema,
  chatReplySchema,
  createAudienceFields,
  idempotentHeadersSchema,
  jsonBody,
  jsonReply,
  personText,
  replyFields,
  replyMeta,
  requestIdSchema,
  sessionIdSchema,
  toSeconds,
} from '../schemas.ts';
import { type ServerSentEvent, streamEvents } from '../server-sent-events.ts';

const createChatRequestSchema = (audience: AudienceIds) =>
  z
    .object({
      message: personText(1, 1000).openapi({ example: 'How do I connect to eduroam?' }),
      ...createAudienceFields(audience),
      session_id: sessionIdSchema.nullish(),
    })
    .openapi('ChatRequest');

const createChatRoute = (audience: AudienceIds) =>
  createRoute({
    method: 'post',
    path: '/api/chat',
    tags: ['chat'],
    summary: 'Ask a question',
    description:
      'Answers as JSON, or with `Accept: text/event-stream` as events: `sources`, `delta` ({text}), `restart` (forget the ' +
      'text so far), then `done` (the JSON body) or `error`. Every event has an id for `Last-Event-ID`.',
    request: { headers: idempotentHeadersSchema, body: jsonBody(createChatRequestSchema(audience)) },
    responses: {
      ...jsonReply(chatReplySchema, 'The answer.'),
      200: {
        description: 'The answer.',
        content: {
          'application/json': { schema: chatReplySchema },
          'text/event-stream': { schema: z.string() },
        },
      },
    },
  });

const replyPath = z.object({ request_id: requestIdSchema });

const resumeRoute = createRoute({
  method: 'get',
  path: '/api/chat/{request_id}/stream',
  tags: ['chat'],
  summary: 'Resume a stream',
  description: 'Goes on after `Last-Event-ID`, on any replica, for 10 minutes.',
  request: {
    params: replyPath,
    headers: callerHeadersSchema.extend({ 'last-event-id': z.string().max(100).optional() }),
  },
  responses: {
    ...jsonReply(chatReplySchema, ''),
    200: { description: 'The rest of the events.', content: { 'text/event-stream': { schema: z.string() } } },
  },
});

const stopRoute = createRoute({
  method: 'post',
  path: '/api/chat/{request_id}/stop',
  tags: ['chat'],
  summary: 'Stop an answer that is being written',
  request: { params: replyPath, headers: callerHeadersSchema },
  responses: jsonReply(z.object({ stopped: z.boolean(), ...replyFields }), 'It ends now.'),
});

export interface ChatRoutesDependencies {
  audience: AudienceIds;
  answerQuestion: AnswerQuestion;
  identifyCaller: IdentifyCaller;
  admission: Admission;
  passEmergency: PassEmergency;
}

export function createChatRoutes(dependencies: ChatRoutesDependencies) {
  const { answerQuestion, identifyCaller, admission, passEmergency } = dependencies;
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid });

  routes.openapi(createChatRoute(dependencies.audience), async (c) => {
    const body = c.req.valid('json');
    const headers = c.req.valid('header');
    const requestId = c.get('requestId');
    const idempotencyKey = headers['idempotency-key'];
    const caller = await identifyCaller(headers, body.session_id, {
      requestId,
      requestSecret: c.get('requestSecret'),
      idempotency: idempotencyKey === undefined ? undefined : { route: '/api/chat', key: idempotencyKey },
    });
    const release = await admitOrPass(
      () => admission.admitChat(),
      () => passEmergency(c),
    );
    const request: ChatRequest = {
      requestId,
      idempotencyKey,
      caller,
      clientAddress: c.get('clientAddress'),
      message: body.message,
      role: body.user_role ?? undefined,
      campus: body.user_campus ?? undefined,
      remember: true,
      isKept: true,
    };
    const ask = (transport: Transport, signal: AbortSignal) =>
      releaseAfter(
        answerQuestion.ask(request, { transport, signal, onWriting: c.get('keepPlaces') }),
        release,
      );
    if (c.req.header('accept')?.includes('text/event-stream')) {
      return streamChat(c, requestId, (signal) => ask('stream', signal));
    }
    const answer = await collectAnswer(ask('json', c.req.raw.signal));
    Object.assign(c.get('logFields'), describeAnswer(answer));
    return c.json(toChatReply(answer), 200);
  });

  routes.openapi(resumeRoute, async (c) => {
    const headers = c.req.valid('header');
    const { request_id } = c.req.valid('param');
    const caller = callerWithSession(headers);
    const lastEventId = headers['last-event-id'];
    const position = lastEventId ? parsePosition(lastEventId) : undefined;
    return streamChat(c, request_id, (signal) =>
      resumeAfter(answerQuestion.resume(caller, request_id, signal), position),
    );
  });

  routes.openapi(stopRoute, async (c) => {
    const stopped = await answerQuestion.stop(
      callerWithSession(c.req.valid('header')),
      c.req.valid('param').request_id,
    );
    return c.json({ stopped, ...replyMeta(c.get('requestId')) }, 200);
  });

  return routes;
}

/** @throws AppError SERVICE_UNAVAILABLE when the events end without an answer. */
export async function collectAnswer(events: AsyncIterable<ChatEvent>): Promise<ChatAnswer> {
  for await (const event of events) if (event.type === 'done') return event.answer;
  throw interrupted();
}

export function toChatReply(answer: ChatAnswer): z.infer<typeof chatReplySchema> {
  return {
    response: answer.response,
    session_id: answer.sessionId,
    sources: answer.sources.map((source) => ({ ...source })),
    confidence: answer.confidence,
    answered_by: answer.answeredBy,
    cached: answer.cached,
    search_method: answer.searchMethod,
    search_time: toSeconds(answer.searchTimeMs),
    results_count: answer.sources.length,
    similarity_scores: answer.sources.map(({ similarity }) => similarity),
    degraded: [...answer.degraded],
    request_id: answer.requestId,
    timestamp: answer.answeredAt.toISOString(),
  };
}

/** Fields of a chat's log line. */
export function describeAnswer(answer: ChatAnswer): Record<string, unknown> {
  return {
    answeredBy: answer.answeredBy,
    cached: answer.cached,
    degraded: answer.degraded,
    resultsCount: answer.sources.length,
    model: answer.model?.name,
    inputTokens: answer.model?.inputTokens,
    outputTokens: answer.model?.outputTokens,
    modelMs: answer.model && Math.round(answer.model.durationMs),
  };
}

/** Chat events as the wire has them; one that ends without `done` ends with `error`. */
function streamChat(
  c: Context<AppEnv>,
  requestId: string,
  open: (clientGone: AbortSignal) => AsyncIterable<ChatEvent>,
): Promise<Response> {
  async function* toWire(signal: AbortSignal): AsyncIterable<ServerSentEvent> {
    for await (const event of open(signal)) {
      const id = formatPosition(event);
      if (event.type === 'done') {
        Object.assign(c.get('logFields'), describeAnswer(event.answer));
        return yield { event: 'done', id, data: JSON.stringify(toChatReply(event.answer)) };
      }
      yield { event: event.type, id, data: JSON.stringify(wireData(event)) };
    }
    if (!signal.aborted) throw interrupted();
  }
  return streamEvents(c, toWire, (error) => {
    const appError = toAppError(error);
    c.set('errorCode', appError.code);
    if (appError.code === 'INTERNAL_ERROR') c.get('logger').error({ err: appError.cause }, 'stream failed');
    return { event: 'error', data: JSON.stringify(errorBody(appError, requestId)) };
  });
}

function wireData(event: Exclude<ChatEvent, { type: 'done' }>): unknown {
  if (event.type === 'sources') return event.sources;
  return event.type === 'delta' ? { text: event.text } : {};
}

/** Of an answer that ended without its end. */
export function interrupted(): AppError {
  return new AppError('SERVICE_UNAVAILABLE', 'The answer was interrupted. Please try again.', {
    retryAfterSeconds: 1,
  });
}
