import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface SendOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** A loopback address to come from. */
  readonly from?: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/**
 * One HTTP request on a connection of its own. Unlike fetch it lets a test set any header, the path as it is and the
 * address it comes from, and never meets a kept connection that nginx is closing.
 */
export async function send(origin: string, path: string, options: SendOptions = {}): Promise<Reply> {
  const { from, body, method = 'GET', headers = {} } = options;
  const { hostname, port } = new URL(origin);
  const outgoing = request({
    ...{ hostname, port, path, method, headers: { ...headers }, agent: false },
    ...(from && { localAddress: from }),
  });
  outgoing.end(body);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: await text(incoming) };
}

export const postJson = (origin: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
  send(origin, path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
