import { createHash } from 'node:crypto';
import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { AppError, isDependencyError } from '../../domain/errors.ts';
import type { Session, SessionKey, SessionStore, Turn } from '../../domain/sessions/session-store.ts';
import type { AppEnv } from '../app-env.ts';
import { type CallerHeaders, type IdentifyCaller, userOf } from '../caller.ts';
import { refuseInvalid } from '../refuse-invalid.ts';
import {
  type AudienceIds,
  callerHeadersSchema,
  createAudienceFields,
  idempotentHeadersSchema,
  jsonBody,
  jsonReply,
  replyFields,
  replyMeta,
  sessionIdSchema,
  toSeconds,
  turnSchema,
} from '../schemas.ts';

const tags = ['session'];
const sessionPath = z.object({ id: sessionIdSchema });

const startReplySchema = z.object({
  session_id: z.string(),
  user_role: z.string().nullable(),
  user_campus: z.string().nullable(),
  degraded: z.array(z.literal('redis')),
  ...replyFields,
});

const createStartRoute = (audience: AudienceIds) =>
  createRoute({
    method: 'post',
    path: '/api/session/start',
    tags,
    summary: 'Start a session',
    request: {
      headers: idempotentHeadersSchema,
      body: jsonBody(z.object(createAudienceFields(audience)), false),
    },
    responses: jsonReply(startReplySchema, 'The session.'),
  });

const sessionInfoSchema = z
  .object({
    session_id: z.string(),
    started_at: z.iso.datetime(),
    last_active_at: z.iso.datetime(),
    user_role: z.string().nullable(),
    user_campus: z.string().nullable(),
    interaction_count: z.int(),
  })
  .openapi('SessionInfo');

const infoRoute = createRoute({
  method: 'get',
  path: '/api/session/{id}',
  tags,
  summary: 'Look at a session',
  request: { params: sessionPath, headers: callerHeadersSchema },
  responses: jsonReply(
    z.object({ session_info: sessionInfoSchema, ...replyFields }),
    'Times, audience and counts.',
  ),
});

const historyRoute = createRoute({
  method: 'get',
  path: '/api/session/{id}/history',
  tags,
  summary: 'The turns of a session, oldest first',
  request: { params: sessionPath, headers: callerHeadersSchema },
  responses: jsonReply(
    z.object({ session_id: z.string(), turns: z.array(turnSchema), ...replyFields }),
    'At most 200 turns.',
  ),
});

const endReplySchema = z.object({
  session_id: z.string(),
  duration: z.number().openapi({ description: 'Seconds from the start to now.' }),
  interaction_count: z.int(),
  ...replyFields,
});
const endSettings = {
  tags,
  summary: 'End a session and delete its history',
  request: { params: sessionPath, headers: callerHeadersSchema },
  responses: jsonReply(endReplySchema, 'What the session was.'),
};
const endRoute = createRoute({ method: 'post', path: '/api/session/{id}/end', ...endSettings });
const deleteRoute = createRoute({ method: 'delete', path: '/api/session/{id}', ...endSettings });

export interface SessionRoutesDependencies {
  audience: AudienceIds;
  sessionStore: SessionStore;
  identifyCaller: IdentifyCaller;
  onStarted: (key: SessionKey, session: Session) => void;
  onEnded: (key: SessionKey, session: Session, endedAt: Date) => void;
}

export function createSessionRoutes(dependencies: SessionRoutesDependencies) {
  const { sessionStore, identifyCaller } = dependencies;
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid });

  routes.openapi(createStartRoute(dependencies.audience), async (c) => {
    const body = c.req.valid('json') ?? {};
    const headers = c.req.valid('header');
    const idempotencyKey = headers['idempotency-key'];
    const key = await identifyCaller(headers, undefined, {
      requestId: c.get('requestId'),
      requestSecret: c.get('requestSecret'),
      idempotency: idempotencyKey === undefined ? undefined : describeStart(idempotencyKey, body),
    });
    const audience = { role: body.user_role ?? undefined, campus: body.user_campus ?? undefined };
    const session = await sessionStore.start(key, audience).catch((error: unknown) => {
      // The id is valid without the store; only what the store would remember is missing.
      if (isDependencyError(error, 'redis')) return undefined;
      throw error;
    });
    if (session) dependencies.onStarted(key, session);
    return c.json(
      {
        session_id: key.sessionId,
        user_role: session?.role ?? audience.role ?? null,
        user_campus: session?.campus ?? audience.campus ?? null,
        degraded: session ? [] : ['redis' as const],
        ...replyMeta(c.get('requestId')),
      },
      200,
    );
  });

  routes.openapi(infoRoute, async (c) => {
    const { id } = c.req.valid('param');
    const session = (await sessionStore.find(keyOf(c.req.valid('header'), id))) ?? refuseUnknown();
    const session_info = {
      session_id: id,
      started_at: session.startedAt.toISOString(),
      last_active_at: session.lastActiveAt.toISOString(),
      user_role: session.role ?? null,
      user_campus: session.campus ?? null,
      interaction_count: session.turnCount,
    };
    return c.json({ session_info, ...replyMeta(c.get('requestId')) }, 200);
  });

  routes.openapi(historyRoute, async (c) => {
    const { id } = c.req.valid('param');
    const history = (await sessionStore.findHistory(keyOf(c.req.valid('header'), id))) ?? refuseUnknown();
    const turns = history.map(toWireTurn);
    return c.json({ session_id: id, turns, ...replyMeta(c.get('requestId')) }, 200);
  });

  async function endSession(headers: CallerHeaders, id: string) {
    const key = keyOf(headers, id);
    const session = (await sessionStore.end(key)) ?? refuseUnknown();
    const endedAt = new Date();
    dependencies.onEnded(key, session, endedAt);
    const durationMs = Math.max(0, endedAt.getTime() - session.startedAt.getTime());
    return { session_id: id, duration: toSeconds(durationMs), interaction_count: session.turnCount };
  }
  routes.openapi(endRoute, async (c) => {
    const ended = await endSession(c.req.valid('header'), c.req.valid('param').id);
    return c.json({ ...ended, ...replyMeta(c.get('requestId')) }, 200);
  });
  routes.openapi(deleteRoute, async (c) => {
    const ended = await endSession(c.req.valid('header'), c.req.valid('param').id);
    return c.json({ ...ended, ...replyMeta(c.get('requestId')) }, 200);
  });

  return routes;
}

export function toWireTurn({ requestId, question, answer, answeredAt }: Turn): z.infer<typeof turnSchema> {
  return { request_id: requestId, question, answer, answered_at: answeredAt.toISOString() };
}

function describeStart(
  key: string,
  { user_role, user_campus }: { user_role?: unknown; user_campus?: unknown },
) {
  const bodyHash = createHash('sha256')
    .update(JSON.stringify([user_role ?? null, user_campus ?? null]))
    .digest('base64url');
  return { route: '/api/session/start', key, bodyHash };
}

function keyOf(headers: CallerHeaders, sessionId: string): SessionKey {
  return { userId: userOf(headers), sessionId };
}

function refuseUnknown(): never {
  throw new AppError('NOT_FOUND', 'There is no such session, or it has ended.');
}
