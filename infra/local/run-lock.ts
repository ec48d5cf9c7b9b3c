import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';

/** What holds the lock; `pid` is undefined when it did not say. */
export type LockAttempt =
  | { readonly taken: true }
  | { readonly taken: false; readonly pid: number | undefined };

/**
 * Takes a lock that ends with this process, however it ends, and that no reused process id can feign: a Unix socket
 * that answers with our pid. The path is best relative, since systems cut sockets' paths at about 100 characters.
 */
export async function takeRunLock(path: string): Promise<LockAttempt> {
  const holder = await askHolder(path);
  if (holder) return { taken: false, pid: Number(holder) || undefined };
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => {}); // whoever asked has left
    socket.end(String(process.pid));
  });
  server.unref();
  server.listen(path);
  await once(server, 'listening');
  return { taken: true };
}

async function askHolder(path: string): Promise<string | undefined> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return await text(socket);
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}
