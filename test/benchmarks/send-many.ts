import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';

export interface BenchmarkRequest {
  method: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
  /** 200 unless told. */
  status?: number;
}

/** Sends that many requests to one origin over kept connections, some at once, and reads the replies to their end. */
export async function sendMany(
  origin: string,
  count: number,
  inFlight: number,
  next: (worker: number) => BenchmarkRequest,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  let left = count;
  const work = async (_: unknown, worker: number) => {
    while (left > 0) {
      left -= 1;
      await send(agent, origin, next(worker));
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  agent.destroy();
}

async function send(
  agent: Agent,
  origin: string,
  { method, path, headers, body, status = 200 }: BenchmarkRequest,
): Promise<void> {
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const outgoing = request(`${origin}${path}`, {
    method,
    agent,
    headers: {
      ...headers,
      ...(payload && { 'Content-Type': 'application/json', 'Content-Length': payload.length }),
    },
  });
  outgoing.end(payload);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  let text = '';
  for await (const bytes of incoming) text += bytes;
  if (incoming.statusCode !== status) {
    throw new Error(`${method} ${path} was answered ${incoming.statusCode}: ${text.slice(0, 300)}`);
  }
}
