import type { TokenBudget, TokenReservation } from '../../domain/models/token-budget.ts';
import { spentTokensKey, spentTokensTtlSeconds } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';

export interface RedisTokenBudgetOptions {
  redis: Pick<RedisConnection, 'run'>;
  /** MODEL_DAILY_TOKEN_BUDGET; undefined for any number. */
  tokensPerDay: number | undefined;
  /** Replicas that share what was left while Redis is out. */
  replicaCount: () => number;
  /** Milliseconds of the epoch. */
  now?: () => number;
}

/**
 * Reserves, and settles by a change of any sign and no limit. KEYS: the day's tokens. ARGV: change, limit (or -1),
 * life in seconds. Returns whether the change was made and the tokens of the day.
 */
const spendScript = `
  local used = tonumber(redis.call('GET', KEYS[1]) or '0')
  if tonumber(ARGV[2]) >= 0 and used + ARGV[1] > tonumber(ARGV[2]) then return {0, used} end
  used = redis.call('INCRBY', KEYS[1], ARGV[1])
  redis.call('EXPIRE', KEYS[1], ARGV[3])
  return {1, used}`;

const noLimit = -1;

/** The calendar day in Berlin, as 2026-11-25. */
const berlinDay = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin' });

/** Free of the store when no budget is configured. */
const unlimited: TokenReservation = { settle: () => {} };

/** What this replica knows of one day. */
interface Day {
  name: string;
  /** Of all replicas, as last heard. */
  usedTokens: number;
  /** Of this replica, spent or set aside while Redis was out, and not told to it yet. */
  untoldTokens: number;
  /** This replica's part of what was left when Redis went away; undefined while it is there. */
  shareTokens: number | undefined;
}

export function createRedisTokenBudget(options: RedisTokenBudgetOptions): TokenBudget {
  const { redis, tokensPerDay, replicaCount, now = Date.now } = options;
  let day: Day = createDay(berlinDay.format(now()));

  function today(): Day {
    const name = berlinDay.format(now());
    if (day.name !== name) day = createDay(name);
    return day;
  }

  async function change(of: Day, tokens: number, limit: number): Promise<boolean> {
    const reply = await redis.run((client) =>
      client.eval(spendScript, 1, spentTokensKey(of.name), tokens, limit, spentTokensTtlSeconds),
    );
    const [made, used] = reply as [number, number];
    of.usedTokens = used;
    return made === 1;
  }

  /** What was spent while Redis was out is told as soon as it is back. */
  async function tellUntold(of: Day) {
    const tokens = of.untoldTokens;
    of.shareTokens = undefined;
    if (tokens === 0) return;
    of.untoldTokens = 0;
    try {
      await change(of, tokens, noLimit);
    } catch (error) {
      of.untoldTokens += tokens;
      throw error;
    }
  }

  function reserveHere(of: Day, tokens: number, limit: number): boolean {
    of.shareTokens ??= Math.floor(Math.max(0, limit - of.usedTokens) / Math.max(1, replicaCount()));
    if (of.untoldTokens + tokens > of.shareTokens) return false;
    of.untoldTokens += tokens;
    return true;
  }

  async function settle(of: Day, changeTokens: number) {
    const isTold =
      of.shareTokens === undefined && (await change(of, changeTokens, noLimit).catch(() => false));
    if (!isTold) of.untoldTokens += changeTokens;
  }

  return {
    async reserve(tokens) {
      if (tokensPerDay === undefined) return unlimited;
      const of = today();
      let isReserved: boolean;
      try {
        await tellUntold(of);
        isReserved = await change(of, tokens, tokensPerDay);
      } catch {
        isReserved = reserveHere(of, tokens, tokensPerDay);
      }
      return isReserved ? { settle: (spent) => void settle(of, spent - tokens) } : undefined;
    },
  };
}

function createDay(name: string): Day {
  return { name, usedTokens: 0, untoldTokens: 0, shareTokens: undefined };
}
