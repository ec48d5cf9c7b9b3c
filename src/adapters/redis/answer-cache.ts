import type { ChainableCommander } from 'ioredis';
import type { AnswerCache, AnswerTicket } from '../../domain/chat/answer-cache.ts';
import { parseAnswer } from './chat-records.ts';
import { answerKey, answerLeaseKey } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';
import { addScript, runScript, type ScriptCall } from './scripts.ts';

const leaseMs = 3000;
/** How long waiting callers are told to write their own; longer than they take to ask again. */
const uncacheableMs = 1000;

/** Adds to a pipeline what `AnswerCache.acquire` does; its reply is for `parseTicket`. */
export function addAcquireAnswer(pipeline: ChainableCommander, key: string, owner: string): ScriptCall {
  return addScript(pipeline, 'acquire-answer', ...acquireOf(key, owner));
}

function acquireOf(key: string, owner: string) {
  return [
    [answerKey(key), answerLeaseKey(key)],
    [owner, leaseMs],
  ] as const;
}

export function parseTicket([state, text]: [string, string]): AnswerTicket {
  return state === 'cached'
    ? { state, answer: parseAnswer(text) }
    : { state: state as 'acquired' | 'busy' | 'uncacheable' };
}

export function createRedisAnswerCache(connection: RedisConnection): AnswerCache {
  return {
    acquire: (key, owner) =>
      connection.run(async (redis) => {
        const reply = await runScript(redis, 'acquire-answer', ...acquireOf(key, owner));
        return parseTicket(reply as [string, string]);
      }),
    async renew(key, owner) {
      await connection.run((redis) =>
        runScript(redis, 'renew-answer-lease', [answerLeaseKey(key)], [owner, leaseMs]),
      );
    },
    async giveUp(key, owner) {
      await connection.run((redis) =>
        runScript(redis, 'give-up-answer', [answerLeaseKey(key)], [owner, uncacheableMs]),
      );
    },
  };
}
