import { createRedisLockOut } from '../adapters/redis/lock-out.ts';
import { createRedisRateLimiter } from '../adapters/redis/rate-limiter.ts';
import { createRedisConnection } from '../adapters/redis/redis-connection.ts';
import type { Config } from '../config/parse-config.ts';
import { createLimitPolicy, operatorRateOf } from '../domain/access/limit-policy.ts';
import { findClientAddress } from '../http/middleware/client-address.ts';

const settleMs = 2000;

export interface AccessStack {
  /** Lifts the lock-out of an address and forgets what it has used. Returns the address as it is counted. */
  unblock(address: string): Promise<{ address: string; wasLocked: boolean }>;
  close(): void;
}

/** What the commands on limits need, without the rest of the service. */
export async function openAccessStack(config: Config): Promise<AccessStack> {
  const connection = createRedisConnection(config.redis);
  await connection.settle(settleMs);
  const limiter = createRedisRateLimiter({ connection, countReplicas: () => 1 });
  const lockOut = createRedisLockOut(connection);
  const policy = createLimitPolicy({
    ...config.rateLimit,
    chatsPerReplica: config.server.maxConcurrentChats,
    countReplicas: () => 1,
  });
  return {
    async unblock(given) {
      const address = findClientAddress(given, { realIp: undefined }).address;
      const wasLocked = await lockOut.lift(address);
      await limiter.reset([...policy.ratesOf(address), operatorRateOf(address)]);
      return { address, wasLocked };
    },
    close() {
      limiter.close();
      connection.close();
    },
  };
}
