import { BlockList, isIP } from 'node:net';

/** Endpoints of Vertex that keep what they are sent within the European Union. */
const europeanHosts = [
  /^aiplatform\.eu\.rep\.googleapis\.com$/,
  /^europe-[a-z]+\d+-aiplatform\.googleapis\.com$/,
];

const ownAddresses = new BlockList();
ownAddresses.addSubnet('127.0.0.0', 8, 'ipv4');
ownAddresses.addSubnet('10.0.0.0', 8, 'ipv4');
ownAddresses.addSubnet('172.16.0.0', 12, 'ipv4');
ownAddresses.addSubnet('192.168.0.0', 16, 'ipv4');
ownAddresses.addAddress('::1', 'ipv6');
ownAddresses.addSubnet('fc00::', 7, 'ipv6');

/**
 * Whether text of people may be sent to this host under DATA_REGION=eu: an endpoint of the list above, a loopback or
 * private address, or one that the operator vouches for (EU_MODEL_HOSTS). A name says nothing about where it leads.
 * The one exception is the token endpoint of VERTEX_CREDENTIALS_FILE, which sees no such text.
 */
export function isEuropeanHost(hostname: string, vouchedFor: readonly string[]): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const family = isIP(host);
  if (family !== 0)
    return ownAddresses.check(host, family === 4 ? 'ipv4' : 'ipv6') || vouchedFor.includes(host);
  return host === 'localhost' || vouchedFor.includes(host) || europeanHosts.some((known) => known.test(host));
}
