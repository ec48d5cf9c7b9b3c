import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** A Lua script that travels once: later calls send its digest. */
export interface Script {
  run(redis: Redis, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown>;
}

export function createScript(source: string): Script {
  const digest = createHash('sha1').update(source).digest('hex');
  return {
    async run(redis, keys, values) {
      try {
        return await redis.evalsha(digest, keys.length, ...keys, ...values);
      } catch (error) {
        if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
        return redis.eval(source, keys.length, ...keys, ...values);
      }
    },
  };
}
