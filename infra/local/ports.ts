import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Whether this process could listen there now. */
export async function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  const server = createServer();
  try {
    const listening = once(server, 'listening');
    server.listen({ port, host, exclusive: true });
    await listening;
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** False where the machine has no IPv6 loopback. */
export const hasIpv6Loopback = () => isPortFree(0, '::1');

/**
 * A loopback port that nobody listens on. Taken from below the range that systems give to outgoing connections
 * (Linux: 32768 and up, RFC 6335: 49152 and up), so that none of those takes it before the server does.
 */
export async function findFreePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(20_000, 32_000);
    if (await isPortFree(port)) return port;
  }
  throw new Error('No free port between 20000 and 32000 on 127.0.0.1');
}
