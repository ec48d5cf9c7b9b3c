import type { Context } from 'hono';
import type { RateLimitDecision, RateLimiter } from '../../domain/access/rate-limiter.ts';
import { AppError } from '../../domain/errors.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { AppEnv } from '../app-env.ts';

/**
 * Counts a request against its client address; called after validation, so that a mistake costs nothing.
 * @throws AppError RATE_LIMIT_EXCEEDED.
 */
export type LimitRequest = (c: Context<AppEnv>) => Promise<RateLimitDecision | undefined>;

/** `limiter` undefined: rate limiting is off. */
export function createLimitRequest(limiter: RateLimiter | undefined, metrics: Metrics): LimitRequest {
  return async (c) => {
    if (!limiter) return undefined;
    const decision = await limiter.consume(c.get('clientAddress'), c.get('requestId'));
    writeHeaders(c, decision);
    if (decision.allowed) return decision;
    metrics.requests.recordRateLimited(decision.degraded);
    const retryAfterSeconds = toSeconds(decision.resetMs);
    throw new AppError(
      'RATE_LIMIT_EXCEEDED',
      `Too many questions from your network. Please try again in ${describeWait(retryAfterSeconds)}.`,
      { retryAfterSeconds, details: { limit: decision.limit, window_seconds: decision.windowSeconds } },
    );
  };
}

/** X-RateLimit-* as clients know them, and the fields of draft-ietf-httpapi-ratelimit-headers-11. */
function writeHeaders(c: Context<AppEnv>, decision: RateLimitDecision): void {
  const resetSeconds = toSeconds(decision.resetMs);
  c.header('X-RateLimit-Limit', String(decision.limit));
  c.header('X-RateLimit-Remaining', String(decision.remaining));
  c.header('X-RateLimit-Reset', String(Math.ceil((Date.now() + decision.resetMs) / 1000)));
  c.header('RateLimit', `"default";r=${decision.remaining};t=${resetSeconds}`);
  c.header('RateLimit-Policy', `"default";q=${decision.limit};w=${decision.windowSeconds}`);
}

const toSeconds = (ms: number) => Math.max(1, Math.ceil(ms / 1000));

function describeWait(seconds: number): string {
  if (seconds < 90) return `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
