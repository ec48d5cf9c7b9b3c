import { createMiddleware } from 'hono/factory';
import { AppError } from '../../domain/errors.ts';
import type { AppEnv } from '../app-env.ts';

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses what another site's page would change through a browser, which needs no preflight for it: an unsafe method with
 * an Origin that is neither the host that was asked nor allowed. Programs send neither header, and pass.
 */
export function refuseForeignOrigins(allowedOrigins: readonly string[]) {
  const allowed = new Set(allowedOrigins.map((origin) => origin.toLowerCase()));
  return createMiddleware<AppEnv>(async (c, next) => {
    if (!safeMethods.has(c.req.method) && !allowed.has('*')) {
      const origin = c.req.header('origin');
      const isOurs =
        origin === undefined
          ? ['same-origin', 'none', undefined].includes(c.req.header('sec-fetch-site'))
          : allowed.has(origin.toLowerCase()) || isSameHost(origin, c.req.header('host'));
      if (!isOurs) throw new AppError('FORBIDDEN', 'Pages of this origin may not use the service.');
    }
    await next();
  });
}

/** Compares without the scheme, which a load balancer may have changed. */
function isSameHost(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const { protocol, host: originHost } = new URL(origin);
  const own = `${protocol}//${host}`;
  return originHost !== '' && URL.canParse(own) && new URL(own).host === originHost;
}
