import { BlockList, isIP } from 'node:net';

/** Peers whose headers are believed: our own nginx, which is beside us or in a private network. */
const proxies = new BlockList();
for (const [network, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  proxies.addSubnet(network, prefix, 'ipv4');
}
proxies.addAddress('::1', 'ipv6');
proxies.addSubnet('fc00::', 7, 'ipv6');

export interface ClientIdentity {
  /** Canonical address; IPv6 as its /64 network, for a person has a whole one. */
  address: string;
  /** True when the request came through our nginx. */
  isProxied: boolean;
}

/**
 * The client's address: what nginx says in X-Real-IP, if the peer can be our nginx at all; else the peer's.
 * X-Forwarded-For and the like are never looked at.
 */
export function findClientAddress(
  peerAddress: string | undefined,
  realIpHeader: string | undefined,
): ClientIdentity {
  const peer = withoutMapping(peerAddress ?? '');
  const claimed = withoutMapping(realIpHeader?.trim() ?? '');
  const isProxied =
    isIP(claimed) !== 0 && isIP(peer) !== 0 && proxies.check(peer, isIP(peer) === 4 ? 'ipv4' : 'ipv6');
  return { address: toLimitKey(isProxied ? claimed : peer), isProxied };
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
