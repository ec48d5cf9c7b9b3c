import {
  createLocalLockOut,
  failureMemoryMs,
  type LockOut,
  type LockOutVerdict,
  lockMsAfter,
  longestLockMs,
} from '../../domain/access/lock-out.ts';
import { lockOutKey } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';
import { runScript } from './scripts.ts';

/** Shared by all replicas; what happens while Redis is out, each one remembers for itself. */
export function createRedisLockOut(connection: Pick<RedisConnection, 'run'>): LockOut {
  const local = createLocalLockOut();
  return {
    async judge(address, isRight) {
      try {
        const values = [isRight ? 1 : 0, lockMsAfter(1), longestLockMs, failureMemoryMs];
        const reply = await connection.run((redis) =>
          runScript(redis, 'judge-attempt', [lockOutKey(address)], values),
        );
        const [outcome, failures, lockedMs] = reply as [LockOutVerdict['outcome'], number, number];
        return outcome === 'admitted' ? { outcome } : { outcome, failures, lockedMs };
      } catch {
        return local.judge(address, isRight);
      }
    },
    async lift(address) {
      const wasHere = local.lift(address);
      const count = await connection.run((redis) => redis.del(lockOutKey(address)));
      return wasHere || count > 0;
    },
  };
}
