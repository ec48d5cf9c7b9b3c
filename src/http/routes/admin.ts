import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import type { Logger } from 'pino';
import { AppError } from '../../domain/errors.ts';
import type {
  KnowledgeAdministration,
  KnowledgeVersionStatus,
} from '../../domain/knowledge/knowledge-administration.ts';
import type { KnowledgeVersion } from '../../domain/knowledge/knowledge-entry.ts';
import type { Remainder } from '../../domain/statistics/data-subject.ts';
import type { Erasure, UserRecord, UserRecords } from '../../domain/statistics/user-records.ts';
import type { AppEnv } from '../app-env.ts';
import { anonymousUser } from '../caller.ts';
import { findClientAddress } from '../middleware/client-address.ts';
import { refuseInvalid } from '../refuse-invalid.ts';
import {
  jsonBody,
  jsonReply,
  replyFields,
  replyMeta,
  sessionIdSchema,
  turnSchema,
  userIdSchema,
} from '../schemas.ts';
import { toWireTurn } from './session.ts';

const settings = { tags: ['admin'], security: [{ operator: [] }] };

const versionSchema = z
  .object({
    version: z.int().openapi({ example: 3 }),
    embedding_model: z.string().openapi({ example: 'gemini-embedding-001' }),
    entries: z.int(),
    created_at: z.iso.datetime(),
  })
  .openapi('KnowledgeVersion');

const indexStates = ['complete', 'incomplete', 'missing', 'unknown'] as const;
const knowledgeReplySchema = z.object({
  live_version: z.int().nullable(),
  loaded_version: z.int().nullable().openapi({ description: 'What the replica that replies answers from.' }),
  versions: z
    .array(
      versionSchema.extend({
        live: z.boolean(),
        index: z
          .enum(indexStates)
          .openapi({ description: 'Its vectors in Chroma; unknown while Chroma is out.' }),
      }),
    )
    .openapi({ description: 'Oldest first.' }),
  ...replyFields,
});

const reindexReplySchema = z.object({
  state: z.enum(['done', 'running']),
  version: versionSchema.nullable().openapi({ description: 'The new version; null while running.' }),
  ...replyFields,
});

const recordSchema = z.object({
  user_id: z.string(),
  sessions: z.array(
    z.object({
      session_id: z.string(),
      started_at: z.iso.datetime(),
      last_active_at: z.iso.datetime(),
      user_role: z.string().nullable(),
      user_campus: z.string().nullable(),
      turns: z.array(turnSchema),
    }),
  ),
  statistics: z
    .record(z.string(), z.array(z.record(z.string(), z.unknown())))
    .openapi({ description: 'Rows by table.' }),
  ...replyFields,
});

const remaindersSchema = z.array(
  z.object({
    place: z.string(),
    reason: z.string(),
    gone_after: z.int().nullable().openapi({ description: 'Seconds.' }),
  }),
);
const erasureFields = {
  sessions: z.int(),
  statistics_rows: z.int(),
  log_lines: z.int().openapi({ description: 'Of the log of chats.' }),
  complete: z.boolean().openapi({ description: 'The search afterwards found nothing.' }),
  searched: z.array(
    z.object({
      place: z.string(),
      records: z.int().nullable().openapi({ description: 'Looked at one by one.' }),
      found: z.array(z.object({ place: z.string(), records: z.int() })),
    }),
  ),
  not_searched: remaindersSchema,
  kept: remaindersSchema,
};
const erasureDescription =
  'Sessions, turns, claims, replies, statistics and lines of the log of chats; counts without a link to anybody stay. An ' +
  'answer under way is stopped. A search over all stores and the log files of this host then shows what is left.';

const userPath = z.object({ id: userIdSchema });

const addressSchema = z
  .string()
  .transform((text) => text.trim().replace(/\/64$/, ''))
  .refine((address) => isIP(address) !== 0, { error: 'must be an IPv4 or IPv6 address' })
  .openapi({ type: 'string', example: '192.0.2.17' });

export interface AdminRoutesDependencies {
  /** Lets the operators' networks in, and nobody else. */
  restrictNetwork: MiddlewareHandler<AppEnv>;
  /** Lets operators in, and nobody else. */
  authorize: MiddlewareHandler<AppEnv>;
  /** Notes what they do. */
  audit: MiddlewareHandler<AppEnv>;
  /** One-way name of a user, for the audit table alone. */
  nameAudited: (userId: string) => string;
  knowledge: Pick<KnowledgeAdministration, 'listVersions' | 'activate' | 'reindex'>;
  loadedVersion: () => number | undefined;
  userRecords: UserRecords;
  /** Forgets what an address and the networks around it have used. */
  forgetUsage: (address: string) => Promise<void>;
  /** A task that takes longer than this goes on behind its reply. */
  replyLimitMs: number;
  logger: Logger;
}

/** What operators do while the service runs. */
export function createAdminRoutes(dependencies: AdminRoutesDependencies) {
  const { knowledge, userRecords, forgetUsage, nameAudited, logger } = dependencies;
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid });
  const readOnly = { ...settings, middleware: [dependencies.authorize] };
  const guarded = { ...settings, middleware: [dependencies.authorize, dependencies.audit] };
  routes.use('/api/admin/*', dependencies.restrictNetwork);
  let reindexing: Promise<KnowledgeVersion> | undefined;

  /** One at a time; whoever asks meanwhile gets its outcome. */
  function reindex(): Promise<KnowledgeVersion> {
    reindexing ??= knowledge.reindex().finally(() => {
      reindexing = undefined;
    });
    return reindexing;
  }

  const statusRoute = createRoute({
    ...readOnly,
    method: 'get',
    path: '/api/admin/knowledge',
    summary: 'Versions of the knowledge base, and which is live',
    responses: jsonReply(knowledgeReplySchema, 'The kept versions.'),
  });
  routes.openapi(statusRoute, async (c) => {
    const versions = await knowledge.listVersions();
    return c.json(
      {
        live_version: versions.find(({ live }) => live)?.version ?? null,
        loaded_version: dependencies.loadedVersion() ?? null,
        versions: versions.map((status) => ({
          ...toWireVersion(status),
          live: status.live,
          index: indexStateOf(status),
        })),
        ...replyMeta(c.get('requestId')),
      },
      200,
    );
  });

  const reindexRoute = createRoute({
    ...guarded,
    method: 'post',
    path: '/api/admin/knowledge/reindex',
    summary: 'Publish the live entries as a new version, with a new index',
    description:
      'What takes long goes on behind a reply with the state `running`; the status tells when it is live.',
    responses: jsonReply(reindexReplySchema, 'The new version is live, or will be.'),
  });
  routes.openapi(reindexRoute, async (c) => {
    const task = reindex();
    const outcome = await Promise.race([task, delay(dependencies.replyLimitMs, undefined, { ref: false })]);
    const meta = replyMeta(c.get('requestId'));
    if (outcome) return c.json({ state: 'done' as const, version: toWireVersion(outcome), ...meta }, 200);
    task.catch((error) => logger.error({ err: error }, 'the knowledge base was not indexed anew'));
    return c.json({ state: 'running' as const, version: null, ...meta }, 200);
  });

  const activateRoute = createRoute({
    ...guarded,
    method: 'post',
    path: '/api/admin/knowledge/activate',
    summary: 'Make a kept version live again',
    request: { body: jsonBody(z.object({ version: z.int().min(1).openapi({ example: 2 }) })) },
    responses: jsonReply(z.object({ version: versionSchema, ...replyFields }), 'It is live.'),
  });
  routes.openapi(activateRoute, async (c) => {
    const wanted = c.req.valid('json').version;
    c.set('auditTarget', `version ${wanted}`);
    const version = await knowledge.activate(wanted);
    return c.json({ version: toWireVersion(version), ...replyMeta(c.get('requestId')) }, 200);
  });

  const exportRoute = createRoute({
    ...guarded,
    method: 'get',
    path: '/api/admin/users/{id}/export',
    summary: 'Everything held of a user',
    request: { params: userPath },
    responses: jsonReply(recordSchema, 'Sessions with their turns, and statistics as they are stored.'),
  });
  routes.openapi(exportRoute, async (c) => {
    const id = namedUser(c.req.valid('param').id);
    c.set('auditTarget', `user ${nameAudited(id)}`);
    const record = await userRecords.export(id);
    return c.json({ user_id: id, ...toWireRecord(record), ...replyMeta(c.get('requestId')) }, 200);
  });

  const eraseRoute = createRoute({
    ...guarded,
    method: 'delete',
    path: '/api/admin/users/{id}',
    summary: 'Erase everything held of a user',
    description: `${erasureDescription} When a store is out this is a 503, and doing it again completes it.`,
    request: { params: userPath },
    responses: jsonReply(
      z.object({ user_id: z.string(), ...erasureFields, ...replyFields }),
      'How much went.',
    ),
  });
  routes.openapi(eraseRoute, async (c) => {
    const id = namedUser(c.req.valid('param').id);
    c.set('auditTarget', `user ${nameAudited(id)}`);
    const erasure = toWireErasure(await userRecords.erase({ userId: id }));
    return c.json({ user_id: id, ...erasure, ...replyMeta(c.get('requestId')) }, 200);
  });

  const eraseSessionRoute = createRoute({
    ...guarded,
    method: 'delete',
    path: '/api/admin/sessions/{id}',
    summary: 'Erase everything held of a session of somebody who gave no name',
    description: `${erasureDescription} Whoever knows the id of their session has no other name here.`,
    request: { params: z.object({ id: sessionIdSchema }) },
    responses: jsonReply(
      z.object({ session_id: z.string(), ...erasureFields, ...replyFields }),
      'How much went.',
    ),
  });
  routes.openapi(eraseSessionRoute, async (c) => {
    const { id } = c.req.valid('param');
    c.set('auditTarget', `session ${nameAudited(id)}`);
    const erasure = toWireErasure(await userRecords.erase({ userId: anonymousUser, sessionId: id }));
    return c.json({ session_id: id, ...erasure, ...replyMeta(c.get('requestId')) }, 200);
  });

  const unblockRoute = createRoute({
    ...guarded,
    method: 'post',
    path: '/api/admin/rate-limit/unblock',
    summary: 'Forget what an address has used of its limit',
    request: { body: jsonBody(z.object({ address: addressSchema })) },
    responses: jsonReply(
      z.object({
        address: z.string().openapi({ description: 'As it is counted: IPv6 by /64.', example: '192.0.2.17' }),
        ...replyFields,
      }),
      'It starts anew.',
    ),
  });
  routes.openapi(unblockRoute, async (c) => {
    const { address } = findClientAddress(c.req.valid('json').address, { realIp: undefined });
    c.set('auditTarget', address);
    await forgetUsage(address);
    return c.json({ address, ...replyMeta(c.get('requestId')) }, 200);
  });

  return routes;
}

/** @throws AppError VALIDATION_ERROR for the name that everyone without a name has. */
function namedUser(id: string): string {
  if (id !== anonymousUser) return id;
  throw new AppError('VALIDATION_ERROR', `${anonymousUser} is nobody: it names all who gave no name.`, {
    details: [{ field: 'id', message: 'must name a user' }],
  });
}

function toWireVersion(version: KnowledgeVersion): z.infer<typeof versionSchema> {
  return {
    version: version.version,
    embedding_model: version.embeddingModel,
    entries: version.entryCount,
    created_at: version.createdAt.toISOString(),
  };
}

function indexStateOf({ indexedCount, entryCount }: KnowledgeVersionStatus): (typeof indexStates)[number] {
  if (indexedCount === 'unknown') return 'unknown';
  if (indexedCount === undefined) return 'missing';
  return indexedCount === entryCount ? 'complete' : 'incomplete';
}

function toWireErasure(erasure: Erasure) {
  return {
    sessions: erasure.sessions,
    statistics_rows: erasure.statisticsRows,
    log_lines: erasure.logLines,
    complete: erasure.searched.every(({ found }) => found.length === 0),
    searched: erasure.searched.map(({ place, records, found }) => ({
      place,
      records: records ?? null,
      found: found.map((trace) => ({ ...trace })),
    })),
    not_searched: erasure.notSearched.map(toWireRemainder),
    kept: erasure.kept.map(toWireRemainder),
  };
}

function toWireRemainder({ place, reason, goneAfterSeconds }: Remainder) {
  return { place, reason, gone_after: goneAfterSeconds ?? null };
}

function toWireRecord({ sessions, statistics }: UserRecord) {
  return {
    sessions: sessions.map(({ sessionId, session, turns }) => ({
      session_id: sessionId,
      started_at: session.startedAt.toISOString(),
      last_active_at: session.lastActiveAt.toISOString(),
      user_role: session.role ?? null,
      user_campus: session.campus ?? null,
      turns: turns.map(toWireTurn),
    })),
    statistics,
  };
}
