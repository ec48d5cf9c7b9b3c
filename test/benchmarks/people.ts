import { Agent, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { postChat } from './post-chat.ts';

export interface Waits {
  /** From the request to the end of the reply, in ms, of JSON chats. */
  wholeMs: number[];
  /** From the request to the first delta, in ms, of streams. */
  firstDeltaMs: number[];
}

/**
 * That many people ask one question after the other, with a pause between them, half of them as streams.
 * @param durationMs how long people go on beginning questions
 */
export async function askLikePeople(
  origin: string,
  people: number,
  durationMs: number,
  pauseMs: number,
  questions: Iterator<string>,
): Promise<Waits> {
  const agent = new Agent({ keepAlive: true });
  const waits: Waits = { wholeMs: [], firstDeltaMs: [] };
  const endsAtMs = performance.now() + durationMs;
  const ask = async (isStream: boolean) => {
    const startedAtMs = performance.now();
    const accept = isStream ? 'text/event-stream' : 'application/json';
    const reply = await postChat(agent, origin, questions.next().value, accept);
    const firstDeltaAtMs = await readReply(reply);
    if (isStream) waits.firstDeltaMs.push((firstDeltaAtMs ?? Number.NaN) - startedAtMs);
    else waits.wholeMs.push(performance.now() - startedAtMs);
  };
  await Promise.all(
    Array.from({ length: people }, async (_, person) => {
      await sleep((person / people) * pauseMs);
      while (performance.now() < endsAtMs) {
        await ask(person % 2 === 0);
        await sleep(pauseMs * (0.5 + Math.random()));
      }
    }),
  );
  agent.destroy();
  return waits;
}

/** Reads to the end; the instant of the first delta, if there is one. */
async function readReply(incoming: IncomingMessage): Promise<number | undefined> {
  let firstDeltaAtMs: number | undefined;
  for await (const bytes of incoming) {
    if (firstDeltaAtMs === undefined && String(bytes).includes('event: delta'))
      firstDeltaAtMs = performance.now();
  }
  return firstDeltaAtMs;
}
