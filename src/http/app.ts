import { OpenAPIHono } from '@hono/zod-openapi';
import type { Hono, MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { methodNotAllowed } from 'hono/method-not-allowed';
import type { Logger } from 'pino';
import { AppError } from '../domain/errors.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { AppEnv } from './app-env.ts';
import { createErrorResponder } from './error-response.ts';
import { limitBody, requireJson } from './middleware/json-body.ts';
import { requestContext } from './middleware/request-context.ts';
import { refuseForeignOrigins } from './middleware/same-origin.ts';
import { securityHeaders } from './middleware/security-headers.ts';
import { createOpenApiRoutes } from './routes/openapi.ts';

export interface AppDependencies {
  logger: Logger;
  metrics: Metrics;
  tracing: Tracing | undefined;
  replicaId: string;
  corsOrigins: readonly string[];
  /** Shows the cause of internal errors, in development. */
  revealCause: boolean;
  isDraining: () => boolean;
  proxySecrets: () => readonly string[];
  version: string;
  /** Where the build put the script of the API reference. */
  referenceDirectory: string;
  /** Refuse who asks for too much, before anything looks at what a request says. */
  limits: readonly MiddlewareHandler<AppEnv>[];
  /** Sub-apps with their whole paths, in order. */
  routes: readonly Hono<AppEnv>[];
}

const exposedHeaders = [
  'X-Request-ID',
  'X-Replica',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
];
const allowedHeaders = [
  'Content-Type',
  'Authorization',
  'X-User-ID',
  'X-Session-ID',
  'Idempotency-Key',
  'Last-Event-ID',
];

/** A request's way in: context, origin, size, limits; then its route, which validates and answers. */
export function createApp(dependencies: AppDependencies): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  const respondError = createErrorResponder({ revealCause: dependencies.revealCause });
  app.onError(respondError);
  app.notFound((c) => respondError(new AppError('NOT_FOUND', 'There is nothing at this address.'), c));
  app.use(requestContext(dependencies), securityHeaders);
  if (dependencies.corsOrigins.length > 0) {
    app.use(
      cors({
        origin: dependencies.corsOrigins.includes('*') ? '*' : [...dependencies.corsOrigins],
        allowMethods: ['GET', 'POST', 'DELETE'],
        allowHeaders: allowedHeaders,
        exposeHeaders: exposedHeaders,
        maxAge: 86_400,
      }),
    );
  }
  app.use(refuseForeignOrigins(dependencies.corsOrigins));
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => {
        c.header('Allow', methods.join(', '));
        const message = `This address answers ${methods.join(', ')} only.`;
        return respondError(new AppError('METHOD_NOT_ALLOWED', message), c);
      },
    }),
  );
  app.use(limitBody(), ...dependencies.limits, requireJson());
  app.route('/', createOpenApiRoutes({ app, ...dependencies }));
  for (const route of dependencies.routes) app.route('/', route);
  return app;
}
