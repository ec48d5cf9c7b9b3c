import type { AnswerCache, AnswerTicket } from '../../domain/chat/answer-cache.ts';
import { parseAnswer } from './chat-records.ts';
import { answerKey, answerLeaseKey } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';

const leaseMs = 3000;
/** How long waiting callers are told to write their own; longer than they take to ask again. */
const uncacheableMs = 1000;
const uncacheable = 'uncacheable';

/** KEYS answer, lease. ARGV owner, leaseMs. Reply: state, answer or ''. */
export const acquireAnswerScript = `
local answer = redis.call('GET', KEYS[1])
if answer then return {'cached', answer} end
local owner = redis.call('GET', KEYS[2])
if owner == '${uncacheable}' then return {'uncacheable', ''} end
if owner and owner ~= ARGV[1] then return {'busy', ''} end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return {'acquired', ''}
`;

/** KEYS lease. ARGV owner, leaseMs. */
const renewScript = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1
`;

/** KEYS lease. ARGV owner, ms. */
const giveUpScript = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], '${uncacheable}', 'PX', ARGV[2]) end
return 1
`;

/** Keys and arguments of `acquireAnswerScript`. */
export function acquireAnswerArguments(key: string, owner: string) {
  return [2, answerKey(key), answerLeaseKey(key), owner, leaseMs] as const;
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
        const reply = await redis.eval(acquireAnswerScript, ...acquireAnswerArguments(key, owner));
        return parseTicket(reply as [string, string]);
      }),
    async renew(key, owner) {
      await connection.run((redis) => redis.eval(renewScript, 1, answerLeaseKey(key), owner, leaseMs));
    },
    async giveUp(key, owner) {
      await connection.run((redis) => redis.eval(giveUpScript, 1, answerLeaseKey(key), owner, uncacheableMs));
    },
  };
}
