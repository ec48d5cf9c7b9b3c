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

/** Below the range that systems give to outgoing connections (Linux: 32768 and up, RFC 6335: 49152 and up). */
const [firstPort, endPort] = [20_000, 32_000];
/** More than one process ever asks for at once. */
const portsPerProcess = 100;
let portsGiven = 0;

/**
 * A loopback port that nobody listens on, and that no outgoing connection takes before the server does. Each process has
 * ports of its own, one after the other: the same port is not given to two servers that both have yet to listen.
 */
export async function findFreePort(): Promise<number> {
  const ports = endPort - firstPort;
  for (let tries = 0; tries < ports; tries++) {
    const port = firstPort + ((process.pid * portsPerProcess + portsGiven++) % ports);
    if (await isPortFree(port)) return port;
  }
  throw new Error(`No free port between ${firstPort} and ${endPort} on 127.0.0.1`);
}
