import { RateLimiterMemory } from 'rate-limiter-flexible';
import type {
  Consumption,
  PlaceRule,
  RateLimitDecision,
  RateLimiter,
  RateRule,
  RateState,
} from '../../domain/access/rate-limiter.ts';
import { addressCounterKey, placesKey, rateLogKey, seenRequestKey } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';
import { runScript } from './scripts.ts';

/** Longer than all tries of one request take. */
const seenTtlSeconds = 120;
/** Renewals within the life of a place; a replica that died has missed them all. */
const renewalsPerLife = 3;
/** Places renewed by one call. */
const renewBatch = 500;
/** The scope that the version before counts as well, in its own counter; what either counts holds for both. */
const sharedScope = 'address';

export interface RedisRateLimiterOptions {
  connection: Pick<RedisConnection, 'runForLimiter'>;
  /** Replicas that share a limit while Redis is away. */
  countReplicas: () => number;
  /** Life of a place that is not renewed. */
  placeTtlMs?: number;
}

export interface RedisRateLimiter extends RateLimiter {
  /** Ends the renewal of places. */
  close(): void;
}

type Rate = Omit<RateRule, 'cost'> & { cost: -1 | 0 | 1 };

/** A sliding log of each counterpart on Redis, exact over all replicas, in one round trip. */
export function createRedisRateLimiter(options: RedisRateLimiterOptions): RedisRateLimiter {
  const { connection, countReplicas, placeTtlMs = 6000 } = options;
  const held = new Map<string, readonly PlaceRule[]>();
  const local = createLocalShare(countReplicas, held);

  async function runLimit(
    requestId: string,
    rates: readonly Rate[],
    places: readonly PlaceRule[],
    refundedAtMs = 0,
  ): Promise<Omit<RateLimitDecision, 'degraded'>> {
    const shared = rates.findIndex(({ scope }) => scope === sharedScope);
    const reply = (await connection.runForLimiter((redis) =>
      runScript(
        redis,
        'consume-limits',
        [
          seenRequestKey(requestId),
          addressCounterKey(rates[shared]?.key ?? 'none'),
          ...rates.map(({ scope, key }) => rateLogKey(scope, key)),
          ...places.map(({ scope, key }) => placesKey(scope, key)),
        ],
        [
          ...[rates.length, requestId, seenTtlSeconds, placeTtlMs, shared + 1, refundedAtMs],
          ...rates.flatMap((rate) => [rate.limit, rate.windowSeconds * 1000, slotMsOf(rate), rate.cost]),
          ...places.map((place) => place.limit),
        ],
      ),
    )) as number[];
    const [allowed = 0, countedAtMs = 0, ...rest] = reply;
    return {
      allowed: allowed === 1,
      countedAtMs: allowed === 1 && countedAtMs > 0 ? countedAtMs : undefined,
      rates: rates.map(({ cost, ...rate }, index): RateState => {
        const [remaining = 0, resetMs = 0, isExceeded = 0] = rest.slice(index * 3);
        const rule: RateRule = { ...rate, cost: cost === 0 ? 0 : 1 };
        return { rule, remaining, resetMs, isExceeded: isExceeded === 1 };
      }),
      fullPlaces: places.filter((_, index) => rest[rates.length * 3 + index] === 1),
    };
  }

  async function renew(): Promise<void> {
    const places = [...held].flatMap(([requestId, rules]) =>
      rules.map(({ scope, key }) => ({ requestId, key: placesKey(scope, key) })),
    );
    for (let start = 0; start < places.length; start += renewBatch) {
      const batch = places.slice(start, start + renewBatch);
      await connection.runForLimiter((redis) =>
        runScript(
          redis,
          'renew-places',
          batch.map(({ key }) => key),
          [placeTtlMs, ...batch.map(({ requestId }) => requestId)],
        ),
      );
    }
  }
  // Without Redis each replica counts what it holds itself; the next renewal after it makes it known again.
  const renewing = setInterval(() => void renew().catch(() => {}), placeTtlMs / renewalsPerLife);
  renewing.unref();

  return {
    async consume(consumption) {
      const { requestId, rates, places } = consumption;
      let decision: RateLimitDecision;
      try {
        decision = { ...(await runLimit(requestId, rates, places)), degraded: false };
        if (decision.countedAtMs !== undefined) void local.note(rates);
      } catch {
        decision = await local.consume(consumption);
      }
      if (decision.allowed && places.length > 0) held.set(requestId, places);
      return decision;
    },
    async refund(decision, instead) {
      const { countedAtMs } = decision;
      if (countedAtMs === undefined) return decision;
      const used = decision.rates.filter(({ rule }) => rule.cost > 0);
      const [refunded] = await Promise.all([
        local.takeBack(used.map(({ rule }) => rule)),
        local.note([instead]),
      ]);
      if (decision.degraded) return { ...decision, rates: refunded };
      const rates: Rate[] = [...used.map(({ rule }) => ({ ...rule, cost: -1 as const })), instead];
      return runLimit('none', rates, [], countedAtMs)
        .then((result) => ({ ...result, degraded: false }))
        .catch(() => decision);
    },
    async release(requestId) {
      const places = held.get(requestId);
      if (!places) return;
      held.delete(requestId);
      await connection
        .runForLimiter((redis) =>
          Promise.all(places.map(({ scope, key }) => redis.zrem(placesKey(scope, key), requestId))),
        )
        .catch(() => {});
    },
    async reset(rules) {
      await local.reset(rules);
      const keys = rules.flatMap(({ scope, key }) => [
        rateLogKey(scope, key),
        ...(scope === sharedScope ? [addressCounterKey(key)] : []),
      ]);
      await connection.runForLimiter((redis) => redis.del(...keys));
    },
    close: () => clearInterval(renewing),
  };
}

/** Slots that a log holds at most: it keeps each request of limits up to that, and so many sums above. */
export const maxSlots = 512;

function slotMsOf({ limit, windowSeconds }: Rate): number {
  return limit <= maxSlots ? 1 : Math.max(1, Math.ceil((windowSeconds * 1000) / maxSlots));
}

/** Counterparts that a replica remembers; beyond it all are forgotten at once. */
const rememberedLimit = 100_000;

/**
 * This replica's share of each limit. It knows what the replica let through before as well, so that an outage does not
 * begin with a new allowance. Windows are fixed here.
 */
function createLocalShare(countReplicas: () => number, held: Map<string, readonly PlaceRule[]>) {
  const counters = new Map<number, RateLimiterMemory>();
  let remembered = 0;
  const nameOf = ({ scope, key }: Pick<RateRule, 'scope' | 'key'>) => `${scope}:${key}`;
  const shareOf = (limit: number) => Math.max(1, Math.floor(limit / Math.max(1, countReplicas())));

  function counterOf({ windowSeconds }: RateRule): RateLimiterMemory {
    let counter = counters.get(windowSeconds);
    if (!counter || remembered >= rememberedLimit) {
      if (counter) remembered = 0;
      counter = new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: windowSeconds });
      counters.set(windowSeconds, counter);
    }
    return counter;
  }

  /** Counts at once, before it resolves, so that requests that come together see each other. */
  async function count(rule: RateRule, points: number): Promise<RateState> {
    const result = await counterOf(rule).penalty(nameOf(rule), points);
    if (result.isFirstInDuration) remembered += 1;
    const room = shareOf(rule.limit) - result.consumedPoints;
    const isExceeded = points > 0 ? room < 0 : room < 1;
    return { rule, remaining: Math.max(0, room), resetMs: result.msBeforeNext, isExceeded };
  }

  const countAll = (rules: readonly RateRule[], points: -1 | 1) =>
    Promise.all(rules.map((rule) => count(rule, rule.cost * points)));

  const countHeld = (place: PlaceRule) =>
    [...held.values()].flat().filter((each) => nameOf(each) === nameOf(place)).length;

  return {
    note: (rules: readonly RateRule[]) => countAll(rules, 1),
    takeBack: (rules: readonly RateRule[]) => countAll(rules, -1),
    async consume({ requestId, rates, places }: Consumption): Promise<RateLimitDecision> {
      const fullPlaces = places.filter((place) => countHeld(place) >= shareOf(place.limit));
      // Before anything is waited for, as with the counts.
      if (fullPlaces.length === 0 && places.length > 0) held.set(requestId, places);
      const states = await countAll(rates, 1);
      const allowed = fullPlaces.length === 0 && !states.some(({ isExceeded }) => isExceeded);
      if (!allowed) {
        held.delete(requestId);
        await countAll(rates, -1);
      }
      return {
        allowed,
        rates: states,
        fullPlaces,
        countedAtMs: allowed ? Date.now() : undefined,
        degraded: true,
      };
    },
    async reset(rules: readonly Pick<RateRule, 'scope' | 'key'>[]): Promise<void> {
      for (const counter of counters.values()) {
        for (const rule of rules) await counter.delete(nameOf(rule));
      }
    },
  };
}
