import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type ChainableCommander, type Redis, ReplyError } from 'ioredis';

/** The files in scripts/, each an atomic step, with its keys and arguments in its head. */
export const scriptNames = [
  'abandon-generation',
  'acquire-answer',
  'agree-on-session',
  'append-events',
  'claim-request',
  'close-chat',
  'close-model',
  'consume-limits',
  'count-active-sessions',
  'count-model-call',
  'end-session',
  'give-up-answer',
  'judge-attempt',
  'keep-question',
  'leave-group',
  'list-closed-models',
  'note-reader',
  'renew-answer-lease',
  'renew-lease',
  'renew-places',
  'request-stop',
  'restart-generation',
  'save-embedding',
  'start-session',
] as const;
export type ScriptName = (typeof scriptNames)[number];

interface Script {
  readonly text: string;
  /** By which the server knows the text once it has run. */
  readonly hash: string;
}

const folder = new URL('./scripts/', import.meta.url);
const scripts = Object.fromEntries(
  scriptNames.map((name) => [name, createScript(readScript(name))]),
) as Record<ScriptName, Script>;

/** A script in a pipeline, for `runPipeline`. */
export interface ScriptCall {
  /** Of its reply among the pipeline's. */
  readonly position: number;
  /** Runs it by its text. */
  sendText(redis: Redis): Promise<unknown>;
}

/** Sends the hash of a script, and its text to a server that does not know it yet or any more. */
export async function runScript(
  redis: Redis,
  name: ScriptName,
  keys: readonly string[],
  values: readonly (string | number)[] = [],
): Promise<unknown> {
  try {
    return await redis.evalsha(scripts[name].hash, keys.length, ...keys, ...values);
  } catch (error) {
    if (!isUnknownScript(error)) throw error;
    return redis.eval(scripts[name].text, keys.length, ...keys, ...values);
  }
}

/** Adds the hash of a script to a pipeline. In a transaction it would be too late to send the text, so none holds a script. */
export function addScript(
  pipeline: ChainableCommander,
  name: ScriptName,
  keys: readonly string[],
  values: readonly (string | number)[] = [],
): ScriptCall {
  const position = pipeline.length;
  pipeline.evalsha(scripts[name].hash, keys.length, ...keys, ...values);
  return {
    position,
    sendText: (redis) => redis.eval(scripts[name].text, keys.length, ...keys, ...values),
  };
}

/** Of a script that the server does not know: it has done nothing. */
export function isUnknownScript(error: unknown): boolean {
  return error instanceof ReplyError && (error as Error).message.startsWith('NOSCRIPT');
}

/** Its text, with each file that it includes (`--- @include name`) once. */
export function readScript(name: ScriptName): string {
  return join(`${name}.lua`, new Set());
}

function join(file: string, included: Set<string>): string {
  const text = readFileSync(new URL(file, folder), 'utf8');
  return text.replaceAll(/^--- @include (\S+)\n/gm, (_line, name: string) => {
    if (included.has(name)) return '';
    included.add(name);
    return join(`includes/${name}.lua`, included);
  });
}

function createScript(text: string): Script {
  return { text, hash: createHash('sha1').update(text).digest('hex') };
}
