import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Fault } from '../fault.ts';
import type { FaultSystem } from '../fault-system.ts';

const unnoticed = { wholeShare: 1, addedP99Ms: 500 };
const allowedGrowthBytes = 50 * 1024 * 1024;

export const clientFaults: readonly Fault[] = [
  {
    name: 'slow-readers',
    title: '200 clients that ask for a stream and never read it',
    goal: unnoticed,
    lastsMs: 15_000,
    isTest: true,
    run: ({ system, hold }) =>
      watchMemory(system, async () => {
        const sockets = await openSockets(system, 200, (index) => askInRawHttp(`slow-reader-${index}`));
        for (const socket of sockets) socket.pause();
        await hold();
        return sockets;
      }),
  },
  {
    name: 'slow-senders',
    title: '500 clients that send their question byte by byte',
    goal: unnoticed,
    lastsMs: 15_000,
    run: ({ system, hold }) =>
      watchMemory(system, async () => {
        const sockets = await openSockets(system, 500, (index) =>
          askInRawHttp(`slow-sender-${index}`).slice(0, 40),
        );
        const dripping = setInterval(() => {
          for (const socket of sockets) if (socket.writable) socket.write('x');
        }, 1000);
        await hold();
        clearInterval(dripping);
        return sockets;
      }),
  },
  {
    name: 'idle-connections',
    title: '3,000 connections that say nothing',
    goal: unnoticed,
    lastsMs: 15_000,
    run: ({ system, hold }) =>
      watchMemory(system, async () => {
        const sockets = await openSockets(system, 3000, () => '');
        await hold();
        return sockets;
      }),
  },
];

/** Memory of the replicas after a garbage collection must not grow with what clients fail to do. */
async function watchMemory(system: FaultSystem, run: () => Promise<readonly Socket[]>) {
  const before = await measureMemory(system);
  const sockets = await run();
  const grownBytes = (await measureMemory(system)) - before;
  for (const socket of sockets) socket.destroy();
  const grownMegabytes = Math.round(grownBytes / 1024 / 1024);
  return {
    note: `the largest replica grew by ${grownMegabytes} MB`,
    problems: grownBytes > allowedGrowthBytes ? [`a replica grew by ${grownMegabytes} MB`] : [],
  };
}

async function measureMemory(system: FaultSystem): Promise<number> {
  const memories = await Promise.all(system.replicas().map((replica) => system.agentOf(replica).memory()));
  return Math.max(...memories.map(({ heapUsed, external }) => heapUsed + external));
}

const atOnce = 100;

async function openSockets(
  { nginx }: FaultSystem,
  count: number,
  greetingOf: (index: number) => string,
): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(atOnce, count - sockets.length) }, () =>
      connect(nginx.port, '127.0.0.1'),
    );
    await Promise.all(batch.map((socket) => once(socket, 'connect')));
    for (const socket of batch) {
      socket.on('error', () => {}); // nginx closes those that take too long
      socket.write(greetingOf(sockets.push(socket)));
    }
  }
  return sockets;
}

function askInRawHttp(userId: string): string {
  const body = JSON.stringify({ message: `How do I enrol at TUM? (${randomBytes(4).toString('hex')})` });
  return [
    'POST /api/chat HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/json',
    'Accept: text/event-stream',
    `X-User-ID: ${userId}`,
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}
