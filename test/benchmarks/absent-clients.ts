import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '../../infra/local/stack.ts';
import type { GeminiServer } from '../gemini-server/gemini-server.ts';
import type { GeminiScript } from '../gemini-server/script.ts';
import { canteenQuestion } from '../system/canteen-question.ts';
import { until } from '../system/until.ts';
import { collectGarbage, sumOf } from './replica-figures.ts';

/** Answers take 28 s, of which the replicas wait for 25. */
export const slowModel: GeminiScript = { chunks: 8, chunkDelayMs: 4000 };
const stayMs = 1000;
const openingAtOnce = 100;

export interface AbsenceReport {
  readonly clients: number;
  /** Calls of the model that began. */
  readonly calls: number;
  readonly completedCalls: number;
  /** From the moment the last client was gone. */
  readonly untilClosedMs: number;
  readonly requestsInFlight: number;
  readonly answersInFlight: number;
  /** Of all replicas together, after garbage collection. */
  readonly heapBytesBefore: number;
  readonly heapBytesAfter: number;
}

/**
 * Clients ask for streams, close them after a second and stay away; resolves once no call of the model is open.
 * @param firstQuestion numbers the questions: none may have been asked before
 */
export async function leaveForGood(
  { nginx, replicas }: Stack,
  gemini: GeminiServer,
  { clients, firstQuestion }: { clients: number; firstQuestion: number },
): Promise<AbsenceReport> {
  const collect = async () => {
    await Promise.all(replicas().map(collectGarbage));
    return sumOf(replicas(), 'heapBytes');
  };
  const heapBytesBefore = await collect();
  gemini.clearCalls();
  const numbers = Array.from({ length: clients }, (_, index) => firstQuestion + index).values();
  const visit = async () => {
    for (const number of numbers) await comeAndGo(nginx.url, number);
  };
  await Promise.all(Array.from({ length: openingAtOnce }, visit));
  const leftAtMs = performance.now();
  await until(() => gemini.openCalls() === 0);
  const untilClosedMs = performance.now() - leftAtMs;
  await until(async () => (await sumOf(replicas(), 'answersInFlight')) === 0);
  const calls = gemini.calls().filter(({ method }) => method === 'streamGenerateContent');
  return {
    clients,
    calls: calls.length,
    completedCalls: calls.filter(({ closedEarly }) => !closedEarly).length,
    untilClosedMs,
    requestsInFlight: await sumOf(replicas(), 'requestsInFlight'),
    answersInFlight: await sumOf(replicas(), 'answersInFlight'),
    heapBytesBefore,
    heapBytesAfter: await collect(),
  };
}

async function comeAndGo(origin: string, number: number): Promise<void> {
  const outgoing = request(`${origin}/api/chat`, {
    method: 'POST',
    agent: false,
    headers: {
      Accept: 'text/event-stream',
      'Content-Type': 'application/json',
      'X-User-ID': `visitor-${number}`,
      'X-Session-ID': 'short',
    },
  });
  outgoing.end(JSON.stringify({ message: canteenQuestion(number) }));
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  if (incoming.statusCode !== 200) throw new Error(`${incoming.statusCode} instead of a stream`);
  incoming.on('error', () => {}).resume(); // it ends by our leaving
  await sleep(stayMs);
  outgoing.destroy();
}
