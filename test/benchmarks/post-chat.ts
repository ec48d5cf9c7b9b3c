import { once } from 'node:events';
import { type Agent, type IncomingMessage, request } from 'node:http';

/** Sends a question over the agent's kept connections, with little work of its own. Resolves when the reply begins. */
export async function postChat(
  agent: Agent,
  origin: string,
  message: string,
  accept: 'application/json' | 'text/event-stream',
): Promise<IncomingMessage> {
  const outgoing = request(`${origin}/api/chat`, {
    method: 'POST',
    agent,
    headers: { Accept: accept, 'Content-Type': 'application/json' },
  });
  outgoing.end(JSON.stringify({ message }));
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  if (incoming.statusCode !== 200) throw new Error(`the benchmark was answered ${incoming.statusCode}`);
  return incoming;
}
