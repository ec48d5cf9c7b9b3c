import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';

export interface WebServer extends AsyncDisposable {
  origin: string;
  /** Breaks every connection, as a replica does that is killed. */
  dropConnections(): void;
}

/** Serves an app on a free loopback port. */
export async function startWebServer(app: Hono): Promise<WebServer> {
  const listener: RequestListener = getRequestListener(app.fetch);
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    dropConnections: () => server.closeAllConnections(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
