import type { ReplyRecord, ReplyStream } from '../../domain/chat/reply/reply-stream.ts';
import { replyKey, replyTtlSeconds } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';

const recordsPerRead = 1000;

export function createRedisReplyStream(connection: RedisConnection): ReplyStream {
  return {
    async append(generation, records) {
      await connection.run(async (redis) => {
        const transaction = redis.multi();
        for (const record of records)
          transaction.xadd(replyKey(generation), '*', 'record', JSON.stringify(record));
        transaction.expire(replyKey(generation), replyTtlSeconds);
        await transaction.exec();
      });
    },

    async read(generation, cursor) {
      const after = cursor === undefined ? '-' : `(${cursor}`;
      const rows = await connection.run((redis) =>
        redis.xrange(replyKey(generation), after, '+', 'COUNT', recordsPerRead),
      );
      return {
        records: rows.map(([, fields]) => JSON.parse(fields[1] ?? 'null') as ReplyRecord),
        cursor: rows.at(-1)?.[0] ?? cursor,
      };
    },
  };
}
