import type { ChainableCommander, Redis } from 'ioredis';
import { isUnknownScript, type ScriptCall } from './scripts.ts';

/** Sends a pipeline or transaction and returns the replies in order. @throws the first error among them. */
export async function runPipeline(pipeline: ChainableCommander): Promise<unknown[]> {
  return ((await pipeline.exec()) ?? []).map(replyOf);
}

/**
 * The same with scripts in the pipeline. Those that the server does not know are sent once more, by their texts and after
 * the other commands, none of which is repeated.
 */
export async function runPipelineWithScripts(
  redis: Redis,
  pipeline: ChainableCommander,
  calls: readonly ScriptCall[],
): Promise<unknown[]> {
  const results = (await pipeline.exec()) ?? [];
  const unknown = calls.filter(({ position }) => isUnknownScript(results[position]?.[0]));
  const isKnown = (position: number) => !unknown.some((call) => call.position === position);
  const replies = results.map((result, position) => (isKnown(position) ? replyOf(result) : undefined));
  await Promise.all(
    unknown.map(async (call) => {
      replies[call.position] = await call.sendText(redis);
    }),
  );
  return replies;
}

function replyOf([error, reply]: [Error | null, unknown]): unknown {
  if (error) throw error;
  return reply;
}
