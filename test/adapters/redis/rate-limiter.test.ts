import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  createRedisRateLimiter,
  maxSlots,
  type RedisRateLimiter,
} from '../../../src/adapters/redis/rate-limiter.ts';
import { createRedisConnection } from '../../../src/adapters/redis/redis-connection.ts';
import type {
  Consumption,
  PlaceRule,
  RateLimitDecision,
  RateLimiter,
  RateRule,
} from '../../../src/domain/access/rate-limiter.ts';
import { startRedis, type TestServer } from '../../fixtures/start-servers.ts';

const requests = 10;
const windowSeconds = 60;
const address = '203.0.113.9';

let server: TestServer;
let redis: Redis;
let opened: (() => void)[] = [];

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});

beforeEach(() => redis.flushall());

afterEach(async () => {
  server.resume();
  for (const close of opened) close();
  opened = [];
});

afterAll(async () => {
  redis.disconnect();
  await server.remove();
});

/** A limiter as one of three replicas has it. */
async function openReplica(placeTtlMs = 6000): Promise<RedisRateLimiter> {
  const connection = createRedisConnection({ url: server.url });
  await connection.settle(2000);
  const limiter = createRedisRateLimiter({ connection, countReplicas: () => 3, placeTtlMs });
  opened.push(() => {
    limiter.close();
    connection.close();
  });
  return limiter;
}

const rule = (change: Partial<RateRule> = {}): RateRule => ({
  scope: 'address',
  key: address,
  limit: requests,
  windowSeconds,
  cost: 1,
  ...change,
});

let asked = 0;
const consume = (
  limiter: RateLimiter | undefined,
  { requestId = `request-${asked++}`, rates = [rule()], places = [] }: Partial<Consumption> = {},
) => {
  if (!limiter) throw new Error('there is no limiter');
  return limiter.consume({ requestId, rates, places });
};

const consumeMany = (
  limiters: readonly RateLimiter[],
  count: number,
  consumption?: Omit<Consumption, 'requestId'>,
) =>
  Promise.all(
    Array.from({ length: count }, (_, index) => consume(limiters[index % limiters.length], consumption)),
  );

const countAllowed = (decisions: readonly RateLimitDecision[]) =>
  decisions.filter(({ allowed }) => allowed).length;

describe('the limit', () => {
  test('holds exactly over all replicas', async () => {
    const decisions = await consumeMany(await Promise.all([1, 2, 3].map(openReplica)), 40);
    expect(countAllowed(decisions)).toBe(requests);
    expect(decisions.every(({ degraded }) => !degraded)).toBe(true);
    const remaining = decisions.filter(({ allowed }) => allowed).map(({ rates }) => rates[0]?.remaining);
    expect(remaining.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const { rates } of decisions) {
      expect(rates[0]?.resetMs).toBeGreaterThan(0);
      expect(rates[0]?.resetMs).toBeLessThanOrEqual(windowSeconds * 1000);
    }
  });

  test.each([
    ['each request in its log', 10],
    ['sums in its log', 640],
  ])(
    'holds in every span of the window, with %s, and the reset says when one more passes',
    async (_, limit) => {
      const limiter = await openReplica();
      const rates = [rule({ limit, windowSeconds: 1 })];
      const passedAtMs: number[] = [];
      const until = performance.now() + 2200;
      while (performance.now() < until) {
        const burst = await Promise.all(Array.from({ length: 64 }, () => consume(limiter, { rates })));
        for (const { allowed, countedAtMs } of burst) if (allowed) passedAtMs.push(countedAtMs ?? 0);
        const [state] = burst.at(-1)?.rates ?? [];
        if (!state?.isExceeded) continue;
        expect(state.resetMs).toBeGreaterThan(0);
        await expect
          .poll(
            async () => (await consume(limiter, { rates: [{ ...(rates[0] as RateRule), cost: 0 }] })).allowed,
            {
              interval: 1,
            },
          )
          .toBe(true);
      }
      passedAtMs.sort((one, other) => one - other);
      expect(passedAtMs.length).toBeGreaterThan(limit);
      for (const [index, atMs] of passedAtMs.entries()) {
        const oneTooMany = passedAtMs[index + limit];
        if (oneTooMany !== undefined) expect(oneTooMany - atMs).toBeGreaterThanOrEqual(1000);
      }
    },
  );

  test('is over when the reset says so, not before', async () => {
    const limiter = await openReplica();
    const rates = [rule({ limit: 2, windowSeconds: 1 })];
    await consumeMany([limiter], 2, { rates, places: [] });
    const refused = await consume(limiter, { rates });
    const [state] = refused.rates;
    const time = async () => {
      const [seconds, microseconds] = await redis.time();
      return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
    };
    const freeAtMs = (await time()) + (state?.resetMs ?? 0);
    let passed = refused;
    while (!passed.allowed) passed = await consume(limiter, { rates });
    expect(Math.abs((passed.countedAtMs ?? 0) - freeAtMs)).toBeLessThan(100);
  });

  test('counts all rules of a request or none', async () => {
    const limiter = await openReplica();
    const wide = rule({ scope: 'network48', key: '2001:db8::/48', limit: 3 });
    const ask = (key: string) => consume(limiter, { rates: [rule({ key }), wide] });
    for (const key of ['one', 'two', 'three']) expect((await ask(key)).allowed).toBe(true);
    const refused = await ask('four');
    expect(refused.allowed).toBe(false);
    expect(refused.rates.map(({ isExceeded }) => isExceeded)).toEqual([false, true]);
    expect((await consume(limiter, { rates: [rule({ key: 'four' })] })).rates[0]?.remaining).toBe(
      requests - 1,
    );
  });

  test('is each counterpart’s own, and is forgotten on request', async () => {
    const limiter = await openReplica();
    await consumeMany([limiter], requests);
    expect(await consume(limiter, { rates: [rule({ key: '203.0.113.10' })] })).toMatchObject({
      allowed: true,
    });
    expect(await consume(limiter)).toMatchObject({ allowed: false, rates: [{ remaining: 0 }] });
    await limiter.reset([rule()]);
    expect(await consume(limiter)).toMatchObject({ allowed: true });
  });

  test('is not used up by further tries of the same request', async () => {
    const [here, there] = [await openReplica(), await openReplica()];
    for (let number = 1; number <= requests; number += 1) {
      const requestId = `retried-${number}`;
      for (const replica of [here, there]) {
        expect(await consume(replica, { requestId })).toMatchObject({
          allowed: true,
          rates: [{ remaining: requests - number }],
        });
      }
    }
    expect(await consume(here)).toMatchObject({ allowed: false });
  });

  test('gets back what a refused request had used, which is counted with its like', async () => {
    const limiter = await openReplica();
    const refused = rule({ scope: 'refused', limit: 3 });
    const rates = [rule(), { ...refused, cost: 0 as const }];
    for (let number = 1; number <= 3; number += 1) {
      const decision = await consume(limiter, { rates });
      expect((await limiter.refund(decision, refused)).rates).toMatchObject([
        { remaining: requests },
        { rule: { scope: 'refused' }, remaining: 3 - number },
      ]);
    }
    const decision = await consume(limiter, { rates });
    expect(decision.allowed).toBe(false);
    expect(decision.rates.map(({ isExceeded }) => isExceeded)).toEqual([false, true]);
  });

  test('keeps few records of many requests, in keys that expire', async () => {
    const limiter = await openReplica();
    const rates = [rule({ limit: 100_000 })];
    await consumeMany([limiter], 3000, { rates, places: [{ scope: 'address', key: address, limit: 5000 }] });
    const [log = ''] = await redis.keys('limit:log:*');
    expect(await redis.hlen(log)).toBeLessThanOrEqual(maxSlots + 3);
    for (const key of await redis.keys('limit:[lp]*')) expect(await redis.ttl(key)).toBeGreaterThan(0);
  });
});

describe('beside the version before', () => {
  /** As that version counts: a fixed window for each address. */
  const openEarlier = () =>
    new RateLimiterRedis({
      storeClient: redis,
      keyPrefix: 'limit',
      points: requests,
      duration: windowSeconds,
    });

  test('both count what the other lets through', async () => {
    const [earlier, limiter] = [openEarlier(), await openReplica()];
    const askEarlier = () =>
      earlier.consume(address).then(
        () => true,
        () => false,
      );
    const passed: boolean[] = [];
    for (let number = 0; number < requests; number += 1) {
      passed.push(await askEarlier(), (await consume(limiter)).allowed);
    }
    expect(passed.filter(Boolean)).toHaveLength(requests);
    expect((await consume(limiter)).rates[0]?.resetMs).toBeLessThanOrEqual(windowSeconds * 1000);
  });

  test('a retry is free whichever of them had the first try', async () => {
    const limiter = await openReplica();
    await redis.set('limit:seen:first-try-there', 1, 'EX', 120);
    await consume(limiter, { requestId: 'first-try-there' });
    expect(await redis.get(`limit:${address}`)).toBeNull();
    await consume(limiter, { requestId: 'first-try-here' });
    expect(await redis.exists('limit:seen:first-try-here')).toBe(1);
  });
});

describe('places', () => {
  const place: PlaceRule = { scope: 'user', key: 'ada', limit: 3 };
  const rates = [rule({ limit: 1000 })];
  const take = (limiter: RateLimiter, requestId: string) =>
    consume(limiter, { requestId, rates, places: [place] });

  test('are taken over all replicas, and given back', async () => {
    const [here, there] = [await openReplica(), await openReplica()];
    const decisions = await consumeMany([here, there], 20, { rates, places: [place] });
    expect(countAllowed(decisions)).toBe(place.limit);
    const refused = decisions.filter(({ allowed }) => !allowed);
    expect(refused.every(({ fullPlaces }) => fullPlaces[0] === place)).toBe(true);
    expect((await consume(here, { rates })).rates[0]?.remaining).toBe(1000 - place.limit - 1);
  });

  test('are one for all tries of a request, and free again after it', async () => {
    const [here, there] = [await openReplica(), await openReplica()];
    for (const requestId of ['one', 'two', 'three', 'three']) {
      expect((await take(here, requestId)).allowed).toBe(true);
      expect((await take(there, requestId)).allowed).toBe(true);
    }
    expect((await take(there, 'four')).allowed).toBe(false);
    await here.release('one');
    expect((await take(there, 'four')).allowed).toBe(true);
  });

  test('of a replica that died end by themselves, those of a living one are renewed', async () => {
    const [living, dead] = [await openReplica(600), await openReplica(600)];
    await take(living, 'kept');
    await take(dead, 'lost');
    dead.close();
    const key = 'limit:places:user:ada';
    await expect
      .poll(
        async () => {
          const [seconds, microseconds] = await redis.time();
          const nowMs = Number(seconds) * 1000 + Number(microseconds) / 1000;
          return redis.zrangebyscore(key, nowMs, '+inf');
        },
        { timeout: 10_000 },
      )
      .toEqual(['kept']);
  });
});

test('with Redis frozen each replica grants its share, what it let through before included', async () => {
  const limiter = await openReplica();
  await consumeMany([limiter], 2);
  server.pause();
  const decisions = await consumeMany([limiter], 20);
  expect(countAllowed(decisions)).toBe(Math.floor(requests / 3) - 2);
  expect(decisions.every(({ degraded }) => degraded)).toBe(true);
  server.resume();
  const other = { rates: [rule({ key: '203.0.113.77' })] };
  await expect.poll(async () => (await consume(limiter, other)).degraded).toBe(false);
});

test('with Redis frozen each replica grants its share of the places', async () => {
  const limiter = await openReplica();
  server.pause();
  const places = [{ scope: 'user', key: 'ada', limit: 6 }];
  const decisions = await consumeMany([limiter], 10, { rates: [rule({ limit: 1000 })], places });
  expect(countAllowed(decisions)).toBe(2);
});
