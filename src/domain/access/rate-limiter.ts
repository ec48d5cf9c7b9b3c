/** At most `limit` requests of one counterpart in any span of `windowSeconds`. */
export interface RateRule {
  /** What is counted; names the rule in replies and keeps its counts apart from those of other rules. */
  scope: string;
  /** Whose requests: an address, a network, a hashed user. */
  key: string;
  limit: number;
  windowSeconds: number;
  /** What the request uses up; 0 asks for room without using any. */
  cost: 0 | 1;
}

/** At most `limit` answers that are written for one counterpart at the same time. */
export interface PlaceRule {
  scope: string;
  key: string;
  limit: number;
}

export interface Consumption {
  /** The same for all tries of a request (a retry by nginx): the second one uses nothing and is allowed. */
  requestId: string;
  /** Not empty. */
  rates: readonly RateRule[];
  /** Taken with the rest, all or none, until `release`. */
  places: readonly PlaceRule[];
}

export interface RateState {
  rule: RateRule;
  /** Requests that are left, after this one. */
  remaining: number;
  /** Milliseconds until one more passes than now; 0 when nothing is used. */
  resetMs: number;
  isExceeded: boolean;
}

export interface RateLimitDecision {
  /** When false, nothing was counted or taken. */
  allowed: boolean;
  /** In the order of the rules. */
  rates: readonly RateState[];
  /** Those of the asked places that are all taken. */
  fullPlaces: readonly PlaceRule[];
  /** Instant of the count in ms, on the clock of whoever counted; undefined when nothing was. `refund` needs it. */
  countedAtMs: number | undefined;
  /** True when Redis was out and a per-replica share decided. */
  degraded: boolean;
}

/** Limits of all replicas together; each replica's share of them while Redis is out. No method throws but `reset`. */
export interface RateLimiter {
  /**
   * Counts a request by all its rules and takes its places, atomically across replicas: all of it, or nothing when
   * one rule is exceeded or one place is missing.
   */
  consume(consumption: Consumption): Promise<RateLimitDecision>;
  /** Gives back what a request had used by the rules of `decision`, and counts it by `instead`, which is not asked. */
  refund(decision: RateLimitDecision, instead: RateRule): Promise<RateLimitDecision>;
  /** Gives the places of a request back. Those of a replica that died end by themselves within seconds. */
  release(requestId: string): Promise<void>;
  /** Forgets what was counted by these rules. @throws DependencyError `redis`. */
  reset(rules: readonly Pick<RateRule, 'scope' | 'key'>[]): Promise<void>;
}
