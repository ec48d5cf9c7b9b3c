import { describe, expect, test } from 'vitest';
import { createLimitPolicy, type LimitPolicyOptions } from '../../../src/domain/access/limit-policy.ts';

const policyOf = (change: Partial<LimitPolicyOptions> = {}) =>
  createLimitPolicy({
    requests: 100,
    windowSeconds: 3600,
    chatsPerAddress: undefined,
    chatsPerUser: 4,
    chatsPerReplica: 200,
    countReplicas: () => 3,
    ...change,
  });

const describeRates = (address: string) =>
  policyOf()
    .ratesOf(address)
    .map(({ scope, key, limit, cost }) => `${scope} ${key} ${limit} ${cost}`);

describe('a request counts', () => {
  test('by its IPv4 address, if there is room for a refused one as well', () => {
    expect(describeRates('192.0.2.1')).toEqual(['address 192.0.2.1 100 1', 'refused 192.0.2.1 100 0']);
  });

  test.each([
    ['2001:db8:1:2::/64', '2001:db8:1::/56', '2001:db8:1::/48'],
    ['2001:db8:1:12ff::/64', '2001:db8:1:1200::/56', '2001:db8:1::/48'],
  ])('by %s and the networks around it, which get more', (address, network56, network48) => {
    expect(describeRates(address)).toEqual([
      `address ${address} 100 1`,
      `network56 ${network56} 400 1`,
      `network48 ${network48} 1600 1`,
      `refused ${address} 100 0`,
    ]);
  });
});

describe('answers at once', () => {
  test('are a quarter of all for an address, unless the operator says otherwise', () => {
    expect(policyOf().placesOf('192.0.2.1', undefined)).toEqual([
      { scope: 'address', key: '192.0.2.1', limit: 150 },
    ]);
    expect(policyOf({ chatsPerAddress: 7 }).placesOf('192.0.2.1', undefined)[0]?.limit).toBe(7);
    expect(policyOf({ chatsPerReplica: 1, countReplicas: () => 1 }).placesOf('a', undefined)[0]?.limit).toBe(
      1,
    );
  });

  test('count for their user too, if they have one', () => {
    expect(policyOf().placesOf('192.0.2.1', 'hash')[1]).toEqual({ scope: 'user', key: 'hash', limit: 4 });
  });
});
