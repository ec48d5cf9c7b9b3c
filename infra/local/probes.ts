import { once } from 'node:events';
import { connect } from 'node:net';

const probeTimeoutMs = 1000;

/** Whether the URL answers with a 2xx status. */
export async function answersHttp(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(probeTimeoutMs) });
  await response.body?.cancel();
  return response.ok;
}

/** Whether a TCP server says what is expected after it is sent the greeting. */
export async function answersTcp(port: number, greeting: string, expected: string): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    const signal = AbortSignal.timeout(probeTimeoutMs);
    await once(socket, 'connect', { signal });
    const reply = once(socket, 'data', { signal });
    socket.write(greeting);
    const [data] = await reply;
    return String(data).startsWith(expected);
  } finally {
    socket.destroy();
  }
}
