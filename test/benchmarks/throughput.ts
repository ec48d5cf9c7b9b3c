import { Agent } from 'node:http';
import type { Service } from '../../infra/local/service.ts';
import { postChat } from './post-chat.ts';
import { sumOf } from './replica-figures.ts';

const inFlight = 16;

export interface Throughput {
  readonly chatsPerSecond: number;
  /** Of all replicas together, for one chat. */
  readonly cpuMs: number;
}

/** Asks all questions, some at once, for plain replies, and reads them. */
export async function measureThroughput(
  origin: string,
  replicas: readonly Service[],
  questions: readonly string[],
): Promise<Throughput> {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  const waiting = questions.values();
  const work = async () => {
    for (const question of waiting) {
      for await (const _ of await postChat(agent, origin, question, 'application/json'));
    }
  };
  const cpuMsBefore = await sumOf(replicas, 'cpuMs');
  const startedAtMs = performance.now();
  await Promise.all(Array.from({ length: inFlight }, work));
  const durationMs = performance.now() - startedAtMs;
  const cpuMs = (await sumOf(replicas, 'cpuMs')) - cpuMsBefore;
  agent.destroy();
  return { chatsPerSecond: (questions.length / durationMs) * 1000, cpuMs: cpuMs / questions.length };
}
