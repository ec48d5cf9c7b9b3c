import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { Health, HealthReport } from '../../domain/health.ts';
import { serviceStates } from '../../domain/health.ts';
import type { AppEnv } from '../app-env.ts';
import { replyFields, replyMeta, toSeconds } from '../schemas.ts';

const serviceSchema = z
  .object({
    state: z.enum(serviceStates),
    latency: z.number().nullable().openapi({ description: 'Seconds of the last probe.' }),
    detail: z.string().optional(),
  })
  .openapi('ServiceState');

const healthSchema = z
  .object({
    status: z.enum(['healthy', 'degraded', 'unhealthy']),
    version: z.string(),
    environment: z.string(),
    uptime: z.number().openapi({ description: 'Seconds since the replica started.' }),
    replica: z.string(),
    knowledge: z.object({ version: z.int(), entries: z.int() }).nullable(),
    data_region: z.string().optional().openapi({ description: 'Where models may be; absent for anywhere.' }),
    services: z.object({
      redis: serviceSchema,
      postgres: serviceSchema,
      chroma: serviceSchema,
      gemini: serviceSchema,
    }),
    ...replyFields,
  })
  .openapi('Health');

const healthReply = { content: { 'application/json': { schema: healthSchema } } };
const healthSettings = {
  method: 'get',
  tags: ['health'] as string[],
  summary: 'State of the service and of what it depends on',
  responses: {
    200: { ...healthReply, description: 'Chats can be answered.' },
    503: { ...healthReply, description: 'No chat can be answered.' },
  },
} as const;
const routes = [
  createRoute({ ...healthSettings, path: '/api/health' }),
  createRoute({ ...healthSettings, path: '/health' }),
];

const readinessSchema = (state: string) =>
  z.object({ status: z.string().openapi({ example: state }), ...replyFields });
const liveRoute = createRoute({
  method: 'get',
  path: '/livez',
  tags: ['health'],
  summary: 'Whether the process runs',
  responses: {
    200: { content: { 'application/json': { schema: readinessSchema('alive') } }, description: 'It does.' },
  },
});
const readyReply = { content: { 'application/json': { schema: readinessSchema('ready') } } };
const readyRoute = createRoute({
  method: 'get',
  path: '/readyz',
  tags: ['health'],
  summary: 'Whether the replica takes requests',
  responses: {
    200: { ...readyReply, description: 'It does.' },
    503: { ...readyReply, description: 'It starts or ends.' },
  },
});
export interface HealthRoutesDependencies {
  health: Health;
  version: string;
  environment: string;
  replicaId: string;
  /** False before the start is done and from the first moment of draining. */
  isReady: () => boolean;
}

export function createHealthRoutes(dependencies: HealthRoutesDependencies) {
  const { health, version, environment, replicaId } = dependencies;
  const app = new OpenAPIHono<AppEnv>();
  for (const route of routes) {
    app.openapi(route, async (c) => {
      const report = await health.check();
      const body = {
        status: report.status,
        version,
        environment,
        uptime: Math.round(process.uptime() * 10) / 10,
        replica: replicaId,
        knowledge: report.knowledge ?? null,
        ...(report.region !== undefined && { data_region: report.region }),
        services: toWire(report.services),
        ...replyMeta(c.get('requestId')),
      };
      return report.status === 'unhealthy' ? c.json(body, 503) : c.json(body, 200);
    });
  }
  app.openapi(liveRoute, (c) => c.json({ status: 'alive', ...replyMeta(c.get('requestId')) }, 200));
  app.openapi(readyRoute, (c) => {
    const isReady = dependencies.isReady();
    return c.json(
      { status: isReady ? 'ready' : 'not ready', ...replyMeta(c.get('requestId')) },
      isReady ? 200 : 503,
    );
  });
  return app;
}

function toWire(services: HealthReport['services']) {
  const convert = ({
    state,
    latencyMs,
    detail,
  }: HealthReport['services'][keyof HealthReport['services']]) => ({
    state,
    latency: latencyMs === undefined ? null : toSeconds(latencyMs),
    ...(detail !== undefined && { detail }),
  });
  return {
    redis: convert(services.redis),
    postgres: convert(services.postgres),
    chroma: convert(services.chroma),
    gemini: convert(services.gemini),
  };
}
