import { describe, expect, test } from 'vitest';
import { findClientAddress } from '../../../src/http/middleware/client-address.ts';

describe('the client’s address', () => {
  test.each([
    ['127.0.0.1', '203.0.113.9', '203.0.113.9', true],
    ['::ffff:10.1.2.3', '203.0.113.9', '203.0.113.9', true],
    ['172.31.0.7', '::ffff:203.0.113.9', '203.0.113.9', true],
    ['fd00::1', '203.0.113.9', '203.0.113.9', true],
    // The peer is no proxy of ours, so what it says of itself is not believed.
    ['198.51.100.7', '203.0.113.9', '198.51.100.7', false],
    ['172.32.0.1', '203.0.113.9', '172.32.0.1', false],
    // Nothing usable is said.
    ['127.0.0.1', undefined, '127.0.0.1', false],
    ['127.0.0.1', 'localhost', '127.0.0.1', false],
    ['127.0.0.1', '203.0.113.9, 127.0.0.1', '127.0.0.1', false],
    [undefined, '203.0.113.9', 'unknown', false],
  ])('peer %s saying %s is %s', (peer, header, address, isProxied) => {
    expect(findClientAddress(peer, { realIp: header })).toMatchObject({ address, isProxied });
  });

  test('of IPv6 is the /64 network, however it is written', () => {
    const spellings = [
      '2001:db8:1:2::1',
      '2001:0db8:0001:0002:ffff:ffff:ffff:ffff',
      '2001:DB8:1:2:a::',
      '2001:db8:1:2:3:4:192.0.2.1',
    ];
    const addresses = spellings.map(
      (spelling) => findClientAddress('127.0.0.1', { realIp: spelling }).address,
    );
    expect(new Set(addresses)).toEqual(new Set(['2001:db8:1:2::/64']));
    expect(findClientAddress('127.0.0.1', { realIp: '2001:db8:1:3::1' }).address).toBe('2001:db8:1:3::/64');
    expect(findClientAddress('fe80::1%eth0', { realIp: undefined }).address).toBe('fe80:0:0:0::/64');
  });

  test.each([
    ['the secret', 'secret-of-the-tests', true],
    ['the one that is being replaced', 'the-earlier-secret', true],
    ['another', 'secret-of-the-tests2', false],
    ['none', undefined, false],
  ])('is what a peer says that knows %s', (_, proxySecret, isProxied) => {
    const secrets = ['secret-of-the-tests', 'the-earlier-secret'];
    expect(findClientAddress('10.0.0.7', { realIp: '203.0.113.9', proxySecret }, secrets)).toEqual({
      address: isProxied ? '203.0.113.9' : '10.0.0.7',
      exactAddress: isProxied ? '203.0.113.9' : '10.0.0.7',
      isProxied,
      isUnproven: !isProxied,
    });
  });

  test('is not what a peer outside says, whatever it knows', () => {
    const said = { realIp: '203.0.113.9', proxySecret: 'secret-of-the-tests' };
    expect(findClientAddress('198.51.100.7', said, ['secret-of-the-tests']).address).toBe('198.51.100.7');
  });
});
