import { type AuditQueue, adminActionSchema } from '../../domain/access/admin-action.ts';
import { auditRetentionDays } from '../../domain/access/audit-trail.ts';
import { auditKey } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';
import { runPipeline } from './run-pipeline.ts';

/** Of rows that are dropped after that time anyway. */
const ttlSeconds = auditRetentionDays * 86_400;

/** In a Redis Stream. Every method throws DependencyError `redis` when Redis is out. */
export function createRedisAuditQueue(connection: Pick<RedisConnection, 'run'>): AuditQueue {
  return {
    async append(actions) {
      await connection.run((redis) => {
        const pipeline = redis.multi();
        for (const action of actions) pipeline.xadd(auditKey, '*', 'action', JSON.stringify(action));
        return runPipeline(pipeline.expire(auditKey, ttlSeconds));
      });
    },
    async peek(count) {
      const entries = await connection.run((redis) => redis.xrange(auditKey, '-', '+', 'COUNT', count));
      return entries.map(([queueId, fields]) => {
        const text = fields[fields.indexOf('action') + 1] ?? '';
        return { queueId, action: adminActionSchema.parse(JSON.parse(text)) };
      });
    },
    async remove(queueIds) {
      if (queueIds.length > 0) await connection.run((redis) => redis.xdel(auditKey, ...queueIds));
    },
  };
}
