import { createMiddleware } from 'hono/factory';
import type { AppEnv } from '../app-env.ts';

/** Of every reply, unless its route says otherwise. nginx.conf has the same for replies of nginx itself. */
const defaults = {
  // Replies are a person's; what is everybody's says so.
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;

export const securityHeaders = createMiddleware<AppEnv>(async (c, next) => {
  for (const [name, value] of Object.entries(defaults)) c.header(name, value);
  await next();
});
