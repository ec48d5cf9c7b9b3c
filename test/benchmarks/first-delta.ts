import { Agent, type IncomingMessage } from 'node:http';
import { now } from '../gemini-server/call-log.ts';
import type { GeminiServer } from '../gemini-server/gemini-server.ts';
import { postChat } from './post-chat.ts';

export interface StreamLatency {
  /** From the request to the model being called: nginx, claim, embedding, retrieval. */
  readonly untilModelCalledMs: number;
  /** From the model's first chunk to the client's first delta. */
  readonly untilFirstDeltaMs: number;
}

/** One stream after the other through nginx, each with a question that nothing is cached for. */
export async function measureStreams(
  origin: string,
  gemini: GeminiServer,
  questions: readonly string[],
): Promise<StreamLatency[]> {
  const agent = new Agent({ keepAlive: true });
  const latencies: StreamLatency[] = [];
  for (const question of questions) {
    gemini.clearCalls();
    const askedAt = now();
    const firstDeltaAt = await findFirstDelta(await postChat(agent, origin, question, 'text/event-stream'));
    const call = gemini.calls().find(({ method }) => method === 'streamGenerateContent');
    if (call?.firstChunkAt === undefined) throw new Error(`the model was not asked: ${question}`);
    latencies.push({
      untilModelCalledMs: call.startedAt - askedAt,
      untilFirstDeltaMs: firstDeltaAt - call.firstChunkAt,
    });
  }
  agent.destroy();
  return latencies;
}

/** Resolves at the end of the stream with the instant of its first delta. */
async function findFirstDelta(incoming: IncomingMessage): Promise<number> {
  let firstDeltaAt: number | undefined;
  for await (const bytes of incoming) {
    if (firstDeltaAt === undefined && String(bytes).includes('event: delta')) firstDeltaAt = now();
  }
  return firstDeltaAt ?? Number.NaN;
}
