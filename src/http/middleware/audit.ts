import { createMiddleware } from 'hono/factory';
import { routePath } from 'hono/route';
import type { AuditTrail } from '../../domain/access/audit-trail.ts';
import type { AppEnv } from '../app-env.ts';

/** Notes what an operator does: before it is done, and again with its target and outcome. Comes after `requireAdmin`. */
export function auditAction(trail: Pick<AuditTrail, 'record'>) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const action = {
      id: c.get('requestId'),
      at: new Date(),
      operator: c.get('operator') ?? 'unknown',
      action: `${c.req.method} ${routePath(c, -1)}`,
      address: c.get('clientAddress'),
    };
    await trail.record(action);
    await next();
    await trail.record({ ...action, target: c.get('auditTarget'), status: c.res.status });
  });
}
