import type { PlaceRule, RateRule } from './rate-limiter.ts';
import { widerNetworks } from './wider-networks.ts';

export interface LimitPolicyOptions {
  /** Per client address (IPv6: per /64) in any span of `windowSeconds`. */
  requests: number;
  windowSeconds: number;
  /** Answers at once per address; undefined: a quarter of what all replicas write at once. */
  chatsPerAddress: number | undefined;
  chatsPerUser: number;
  /** Answers that one replica writes at once. */
  chatsPerReplica: number;
  /** Replicas that are alive. */
  countReplicas: () => number;
}

export interface LimitPolicy {
  /** The address, its wider networks, and room among the requests that were refused for what they said. */
  ratesOf(address: string): RateRule[];
  /** Where a request is counted that was refused for what it said. */
  refusedRateOf(address: string): RateRule;
  /** `userKey` undefined: nobody that is known, whose answers count by their address alone. */
  placesOf(address: string, userKey: string | undefined): PlaceRule[];
}

const addressShare = 4;

/** What operators may ask of their routes: generous for a console and for scripts. */
export const operatorRateOf = (address: string): RateRule => ({
  scope: 'operator',
  key: address,
  limit: 600,
  windowSeconds: 60,
  cost: 1,
});

/** What is answered to people in crisis or danger beyond every limit. */
export const emergencyRateOf = (address: string): RateRule => ({
  scope: 'emergency',
  key: address,
  limit: 10,
  windowSeconds: 60,
  cost: 1,
});

/** What is counted of a request, and how much of it is allowed. */
export function createLimitPolicy(options: LimitPolicyOptions): LimitPolicy {
  const { requests, windowSeconds, chatsPerUser, chatsPerReplica, countReplicas } = options;
  const refused = (key: string, cost: 0 | 1): RateRule => ({
    scope: 'refused',
    key,
    limit: requests,
    windowSeconds,
    cost,
  });
  const chatsPerAddress = () =>
    options.chatsPerAddress ?? Math.max(1, Math.floor((chatsPerReplica * countReplicas()) / addressShare));
  return {
    ratesOf: (address) => [
      { scope: 'address', key: address, limit: requests, windowSeconds, cost: 1 },
      ...widerNetworks(address).map(
        ({ network, prefix, allowance }): RateRule => ({
          scope: `network${prefix}`,
          key: network,
          limit: requests * allowance,
          windowSeconds,
          cost: 1,
        }),
      ),
      refused(address, 0),
    ],
    refusedRateOf: (address) => refused(address, 1),
    placesOf: (address, userKey) => [
      { scope: 'address', key: address, limit: chatsPerAddress() },
      ...(userKey === undefined ? [] : [{ scope: 'user', key: userKey, limit: chatsPerUser }]),
    ],
  };
}
