import type { Redis } from 'ioredis';

/** Elements of a list, sorted set or stream that are read at once. */
const elementsPerStep = 200;

/** Every text that a key holds, in steps; nothing for a key that is gone. */
export async function* readValues(redis: Redis, key: string): AsyncIterable<string> {
  switch (await redis.type(key)) {
    case 'string':
      yield (await redis.get(key)) ?? '';
      break;
    case 'hash':
      yield* Object.values(await redis.hgetall(key));
      break;
    case 'set':
      yield* await redis.smembers(key);
      break;
    case 'list':
      yield* readRange((from, to) => redis.lrange(key, from, to));
      break;
    case 'zset':
      yield* readRange((from, to) => redis.zrange(key, `${from}`, `${to}`));
      break;
    case 'stream':
      yield* readStream(redis, key);
  }
}

async function* readRange(read: (from: number, to: number) => Promise<string[]>): AsyncIterable<string> {
  for (let from = 0; ; from += elementsPerStep) {
    const step = await read(from, from + elementsPerStep - 1);
    yield* step;
    if (step.length < elementsPerStep) return;
  }
}

async function* readStream(redis: Redis, key: string): AsyncIterable<string> {
  for (let from = '-'; ; ) {
    const step = await redis.xrange(key, from, '+', 'COUNT', elementsPerStep);
    for (const [, fields] of step) yield* fields;
    const last = step.at(-1);
    if (last === undefined || step.length < elementsPerStep) return;
    from = `(${last[0]}`;
  }
}
