import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A place on the way to a server where the way can be made worse. */
export interface TcpProxy {
  readonly port: number;
  /** Each piece of a reply comes this much later; 0 for no delay. */
  setReplyDelay(delayMs: number): void;
  /** Breaks a connection in the middle of every so-manieth piece of a reply; 0 for none. */
  cutEveryReply(count: number): void;
  /** While unreachable, connections are refused and those there were are gone. */
  setReachable(isReachable: boolean): Promise<void>;
  close(): Promise<void>;
}

/** Passes connections on to a port of this machine, on a free port of its own. */
export async function startTcpProxy(targetPort: number, { port: wantedPort = 0 } = {}): Promise<TcpProxy> {
  const clients = new Set<Socket>();
  let delayMs = 0;
  let repliesPerCut = 0;
  let replies = 0;

  function serve(client: Socket) {
    const server = connect({ port: targetPort, host: '127.0.0.1' });
    client.setNoDelay();
    server.setNoDelay();
    clients.add(client);
    const end = () => {
      clients.delete(client);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.on('error', end).on('close', end);
    client.pipe(server);
    server.on('data', (reply) => {
      replies += 1;
      if (repliesPerCut > 0 && replies % repliesPerCut === 0) {
        client.write(reply.subarray(0, Math.ceil(reply.length / 2)), end);
      } else passLater(server, client, reply);
    });
  }

  /** Timers of one length fire in the order they were set in, so pieces keep theirs. */
  function passLater(server: Socket, client: Socket, reply: Buffer) {
    const pass = () => {
      if (client.destroyed || client.write(reply)) return;
      server.pause();
      client.once('drain', () => server.resume());
    };
    if (delayMs === 0) pass();
    else setTimeout(pass, delayMs);
  }

  async function listen(port: number): Promise<Server> {
    const server = createServer(serve).listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }

  let listener: Server | undefined = await listen(wantedPort);
  const address = listener.address();
  const port = address !== null && typeof address === 'object' ? address.port : wantedPort;

  async function stopListening() {
    if (!listener) return;
    const closed = once(listener, 'close');
    listener.close();
    listener = undefined;
    for (const client of clients) client.resetAndDestroy();
    await closed;
  }

  return {
    port,
    setReplyDelay(newDelayMs) {
      delayMs = newDelayMs;
    },
    cutEveryReply(count) {
      repliesPerCut = count;
    },
    async setReachable(isReachable) {
      if (!isReachable) await stopListening();
      else listener ??= await listen(port);
    },
    close: stopListening,
  };
}
