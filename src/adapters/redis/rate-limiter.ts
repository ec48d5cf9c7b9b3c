import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { RateLimitDecision, RateLimiter } from '../../domain/access/rate-limiter.ts';
import { rateLimitPrefix, seenRequestKey } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';

/** Longer than all tries of one request take. */
const seenTtlSeconds = 120;

export interface RedisRateLimiterOptions {
  connection: RedisConnection;
  /** Requests per window and client address. */
  requests: number;
  windowSeconds: number;
  /** Replicas that share the limit while Redis is away. */
  countReplicas: () => number;
}

/**
 * A fixed window on Redis, exact over all replicas, as one atomic increment. At the window's edge a client can get
 * up to twice the limit. Without Redis each replica grants its share from memory.
 */
export function createRedisRateLimiter(options: RedisRateLimiterOptions): RateLimiter {
  const { connection, requests, windowSeconds } = options;
  const settings = { points: requests, duration: windowSeconds, keyPrefix: rateLimitPrefix };
  const shared = new RateLimiterRedis({ ...settings, storeClient: connection.limiterClient });
  const local = new RateLimiterMemory(settings);

  function decide(result: RateLimiterRes, isAllowed: boolean, isDegraded: boolean): RateLimitDecision {
    return {
      allowed: isAllowed,
      limit: requests,
      remaining: isAllowed ? Math.max(0, result.remainingPoints) : 0,
      resetMs: result.msBeforeNext,
      windowSeconds,
      degraded: isDegraded,
    };
  }

  async function consumeShared(clientAddress: string, requestId: string): Promise<RateLimitDecision> {
    const [first, result] = await connection.runForLimiter((redis) =>
      // Sent together, so it is one round trip.
      Promise.all([
        redis.set(seenRequestKey(requestId), 1, 'EX', seenTtlSeconds, 'NX'),
        outcomeOf(shared.consume(clientAddress)),
      ]),
    );
    if (first !== null) return decide(result, result.consumedPoints <= requests, false);
    // A retry by nginx: its first try was let through and counted.
    const repaid = await connection.runForLimiter(() => shared.reward(clientAddress));
    return decide(repaid, true, false);
  }

  async function consumeLocal(clientAddress: string): Promise<RateLimitDecision> {
    const share = Math.max(1, Math.ceil(requests / Math.max(1, options.countReplicas())));
    local.points = share;
    const result = await outcomeOf(local.consume(clientAddress));
    return decide(result, result.consumedPoints <= share, true);
  }

  return {
    consume: (clientAddress, requestId) =>
      consumeShared(clientAddress, requestId).catch(() => consumeLocal(clientAddress)),
    async reset(clientAddress) {
      await Promise.all([
        connection.runForLimiter(() => shared.delete(clientAddress)),
        local.delete(clientAddress),
      ]);
    },
  };
}

/** The limiter rejects with a result when limited and with an Error when its store fails; only the latter throws here. */
async function outcomeOf(consumption: Promise<RateLimiterRes>): Promise<RateLimiterRes> {
  try {
    return await consumption;
  } catch (error) {
    if (error instanceof RateLimiterRes) return error;
    throw error;
  }
}
