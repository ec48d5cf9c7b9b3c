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
import { createScript } from './run-script.ts';

/**
 * KEYS failures of an address. ARGV right (1 or 0), first lock in ms, longest lock in ms, memory in ms. Times are Redis' own.
 * Reply: outcome, failures, ms for which it is locked.
 */
const judgeScript = createScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lockedUntil = tonumber(redis.call('HGET', KEYS[1], 'lockedUntil') or 0)
if lockedUntil > now then return {'locked', 0, lockedUntil - now} end
if ARGV[1] == '1' then return {'admitted', 0, 0} end
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
local lockMs = math.min(ARGV[3], ARGV[2] * 2 ^ math.min(failures - 1, 30))
redis.call('HSET', KEYS[1], 'lockedUntil', now + lockMs)
redis.call('PEXPIRE', KEYS[1], ARGV[4] + lockMs)
return {'refused', failures, lockMs}
`);

/** Shared by all replicas; what happens while Redis is out, each one remembers for itself. */
export function createRedisLockOut(connection: Pick<RedisConnection, 'run'>): LockOut {
  const local = createLocalLockOut();
  return {
    async judge(address, isRight) {
      try {
        const values = [isRight ? 1 : 0, lockMsAfter(1), longestLockMs, failureMemoryMs];
        const reply = await connection.run((redis) => judgeScript.run(redis, [lockOutKey(address)], values));
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
