import type { AnswerCache, AnswerTicket } from '../../domain/chat/answer-cache.ts';
import { parseAnswer } from './chat-records.ts';
import { answerKey, answerLeaseKey } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';

const leaseMs = 3000;
/** How long waiting callers are told to write their own; longer than they take to ask again. */
const uncacheableMs = 1000;
const uncacheable = 'uncacheable';

/**
 * KEYS answer, lease, turns of the asker's session (a question with history is no first question and takes no lease),
 * claim. ARGV owner, leaseMs, generation or '' (a caller whose claim has another one writes nothing).
 * Reply: state, answer or ''.
 */
export const acquireAnswerScript = `
local answer = redis.call('GET', KEYS[1])
if answer then return {'cached', answer} end
if ARGV[3] ~= '' and redis.call('HGET', KEYS[4], 'generation') ~= ARGV[3] then return {'uncacheable', ''} end
if redis.call('EXISTS', KEYS[3]) == 1 then return {'uncacheable', ''} end
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

/** Keys and arguments of `acquireAnswerScript`; without `opening` for a chat that is open already. */
export function acquireAnswerArguments(
  key: string,
  owner: string,
  opening: { turnsKey: string; claimKey: string; generation: string } = noOpening,
) {
  const { turnsKey, claimKey, generation } = opening;
  return [4, answerKey(key), answerLeaseKey(key), turnsKey, claimKey, owner, leaseMs, generation] as const;
}
const noOpening = { turnsKey: 'session:none', claimKey: 'request:none', generation: '' };

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
