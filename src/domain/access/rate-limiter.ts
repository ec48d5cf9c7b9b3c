export interface RateLimitDecision {
  allowed: boolean;
  limit: number;
  remaining: number;
  /** Milliseconds until the window ends. */
  resetMs: number;
  windowSeconds: number;
  /** True when Redis was out and a per-replica share decided. */
  degraded: boolean;
}

export interface RateLimiter {
  /**
   * Counts one request of `clientAddress`, atomically across replicas. A second call with the same `requestId`
   * (a retry by nginx) consumes nothing and is allowed. Never throws: without Redis a per-replica share applies.
   */
  consume(clientAddress: string, requestId: string): Promise<RateLimitDecision>;
  /** Forgets what an address has used. */
  reset(clientAddress: string): Promise<void>;
}
