export interface WiderNetwork {
  /** In its canonical form, as 2001:db8:12::/48. */
  network: string;
  prefix: 56 | 48;
  /** How many times the allowance of a single address all of it gets. */
  allowance: number;
}

/**
 * The networks around an IPv6 /64, none for other addresses. Customers get a /56 or a /48 of their own (RFC 6177): 256
 * and 65,536 networks of the size that counts as one address.
 */
export function widerNetworks(address: string): WiderNetwork[] {
  const [groups, prefix] = address.split('::/');
  if (groups === undefined || prefix !== '64') return [];
  const [first = '0', second = '0', third = '0', fourth = '0'] = groups.split(':');
  const site = `${first}:${second}:${third}`;
  const upperByte = Number.parseInt(fourth, 16) & 0xff00;
  const network56 = upperByte === 0 ? `${site}::/56` : `${site}:${upperByte.toString(16)}::/56`;
  return [
    { network: network56, prefix: 56, allowance: 4 },
    { network: `${site}::/48`, prefix: 48, allowance: 16 },
  ];
}
