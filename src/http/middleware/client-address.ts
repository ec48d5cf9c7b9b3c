import { isIP } from 'node:net';
import { createNetworkList } from '../network-list.ts';
import { isSameSecret } from '../same-secret.ts';

/** Peers that our nginx can be: it is beside us or in a private network. */
const proxies = createNetworkList([
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::1',
  'fc00::/7',
]);

export interface ClientIdentity {
  /** Canonical address; IPv6 as its /64 network, for a person has a whole one. */
  address: string;
  /** The same, IPv6 too as it is. */
  exactAddress: string;
  /** True when the request came through our nginx. */
  isProxied: boolean;
  /** True when a peer that can be our nginx names a client, and does not prove that it is. */
  isUnproven: boolean;
}

/** What a peer says of the client, and how it proves to be our nginx. */
export interface ProxyHeaders {
  realIp: string | undefined;
  proxySecret?: string | undefined;
}

/**
 * The client's address: what nginx says in X-Real-IP, if the peer can be our nginx at all and knows one of the secrets
 * (where there are none, every such peer is believed); else the peer's. X-Forwarded-For and the like are never looked at.
 */
export function findClientAddress(
  peerAddress: string | undefined,
  { realIp, proxySecret }: ProxyHeaders,
  proxySecrets: readonly string[] = [],
): ClientIdentity {
  const peer = withoutMapping(peerAddress ?? '');
  const claimed = withoutMapping(realIp?.trim() ?? '');
  const isClaimed = isIP(claimed) !== 0 && proxies.includes(peer);
  const isProven =
    proxySecrets.length === 0 || proxySecrets.some((secret) => isSameSecret(proxySecret ?? '', secret));
  const isProxied = isClaimed && isProven;
  const exactAddress = isProxied ? claimed : peer;
  return {
    address: toLimitKey(exactAddress),
    exactAddress,
    isProxied,
    isUnproven: isClaimed && !isProven,
  };
}

function withoutMapping(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address.replace(/%.*$/, '');
}

function toLimitKey(address: string): string {
  if (isIP(address) !== 6) return address || 'unknown';
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const left = head.split(':').filter((part) => part !== '');
  const right = tail === undefined ? [] : tail.split(':').filter((part) => part !== '');
  const groups =
    tail === undefined ? left : [...left, ...Array(8 - left.length - right.length).fill('0'), ...right];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
