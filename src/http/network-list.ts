import { BlockList, isIP } from 'node:net';

/** Addresses and CIDR networks, of which each has to be valid. */
export function createNetworkList(networks: readonly string[]) {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return {
    /** False for what is no address. */
    includes(address: string): boolean {
      const family = isIP(address);
      return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
    },
  };
}
