import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';

export interface WebServer extends AsyncDisposable {
  origin: string;
  /** Breaks every connection, as a replica does that is killed. */
  dropConnections(): void;
}

/** Serves on a free loopback port what `fetch` of an app answers. */
export async function startWebServer(app: {
  fetch: Parameters<typeof getRequestListener>[0];
}): Promise<WebServer> {
  const server = createServer(getRequestListener(app.fetch));
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
