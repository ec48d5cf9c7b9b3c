import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { askJson } from '../chat-client.ts';
import type { Fault, FaultContext } from '../fault.ts';
import type { FaultSystem } from '../fault-system.ts';
import { sendHostileTexts } from './hostile-texts.ts';
import { judgingMemory } from './judging-memory.ts';

/** Everybody else's slowest answers may take twice their second. */
const unnoticed = { wholeShare: 1, addedP99Ms: 1000 };

export const clientFaults: readonly Fault[] = [
  {
    name: 'overload',
    title: '900 questions at once, for 600 places; the model takes 5 s',
    // The people of the steady load are among those who are refused.
    goal: { mayRefuse: true, mayLack: ['redis', 'chroma', 'gemini'] },
    lastsMs: 0,
    run: ({ system }) => askAllAtOnce(system, 900),
  },
  judgingMemory({
    name: 'slow-readers',
    title: '200 clients that ask for a stream and never read it',
    goal: unnoticed,
    lastsMs: 15_000,
    isTest: true,
    run: (context) =>
      holdSockets(context, {
        count: 200,
        greetingOf: (index) => askInRawHttp(`slow-reader-${index}`),
        onOpen: (socket) => void socket.pause(),
      }),
  }),
  judgingMemory({
    name: 'slow-senders',
    title: '500 clients that send their headers or their question byte by byte',
    goal: unnoticed,
    lastsMs: 15_000,
    run: (context) =>
      holdSockets(context, {
        count: 500,
        greetingOf(index) {
          const request = askInRawHttp(`slow-sender-${index}`);
          return request.slice(0, index % 2 === 0 ? 40 : request.indexOf('{') + 1);
        },
        onOpen(socket) {
          const dripping = setInterval(() => socket.writable && socket.write('x'), 1000);
          socket.once('close', () => clearInterval(dripping));
        },
      }),
  }),
  judgingMemory({
    name: 'idle-connections',
    title: '3,000 connections that say nothing',
    goal: unnoticed,
    lastsMs: 15_000,
    run: (context) => holdSockets(context, { count: 3000, greetingOf: () => '' }),
  }),
  {
    name: 'hostile-texts',
    title: '20 requests a second of the largest texts, each as hard to read as can be',
    goal: { wholeShare: 1, p99Factor: 2 },
    lastsMs: 30_000,
    run: sendHostileTexts,
  },
];

/** Some are refused, early and with 503; all others must be answered, and operators must still be able to look. */
async function askAllAtOnce(system: FaultSystem, count: number) {
  await system.gemini.setScript({ ...system.usualScript, latencyMs: 5000 });
  const asking = Array.from({ length: count }, async (_, index) => {
    const beganAtMs = performance.now();
    const problem = await askJson({
      origin: system.nginx.url,
      userId: `crowd-${index}`,
      sessionId: `crowded-${index}`,
      message: `How do I enrol for course ${index}?`,
    }).then(
      () => '',
      (error: Error) => error.message,
    );
    return { problem, tookMs: performance.now() - beganAtMs };
  });
  const slowestLookMs = await lookUntil(Promise.all(asking), system);
  const asked = await Promise.all(asking);
  await system.gemini.setScript(system.usualScript);
  const refused = asked.filter(({ problem }) => problem.startsWith('503'));
  const broken = asked.filter(({ problem }) => problem !== '' && !problem.startsWith('503'));
  return {
    note: `${count - refused.length - broken.length} answered, ${refused.length} refused, health within ${Math.round(slowestLookMs)} ms`,
    problems: [
      ...broken.slice(0, 2).map(({ problem }) => `accepted, but not answered: ${problem}`),
      ...(refused.length === 0 ? ['nobody was refused'] : []),
      ...(slowestLookMs > 5000 ? [`a look at the health took ${Math.round(slowestLookMs)} ms`] : []),
    ],
  };
}

/** The longest time that the health took to answer while the work went on. */
async function lookUntil(work: Promise<unknown>, { nginx }: FaultSystem): Promise<number> {
  let isOver = false;
  let slowestMs = 0;
  const end = work.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const beganAtMs = performance.now();
    await (await fetch(`${nginx.url}/api/health`)).text();
    slowestMs = Math.max(slowestMs, performance.now() - beganAtMs);
    await Promise.race([end, sleep(500)]);
  }
  return slowestMs;
}

const atOnce = 100;

/** Connections that stay open as long as the fault lasts. */
async function holdSockets(
  { system, hold }: FaultContext,
  {
    count,
    greetingOf,
    onOpen = () => {},
  }: { count: number; greetingOf: (index: number) => string; onOpen?: (socket: Socket) => void },
): Promise<undefined> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(atOnce, count - sockets.length) }, () =>
      connect(system.nginx.port, '127.0.0.1'),
    );
    await Promise.all(batch.map((socket) => once(socket, 'connect')));
    for (const socket of batch) {
      socket.on('error', () => {}); // nginx closes those that take too long
      socket.write(greetingOf(sockets.push(socket)));
      onOpen(socket);
    }
  }
  await hold();
  for (const socket of sockets) socket.destroy();
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
