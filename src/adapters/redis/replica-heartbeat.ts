import { replicasKey } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';
import { runPipeline } from './run-pipeline.ts';

const intervalMs = 2000;
const aliveForSeconds = 10;

export interface ReplicaHeartbeat {
  /** Joins the set. Never throws. */
  start(): Promise<void>;
  /** Replicas that were alive when Redis last answered; at least 1. */
  count(): number;
  /** Leaves the set, so that the others' shares grow at once. */
  stop(): Promise<void>;
}

/** Announces this replica in a set that all replicas read. */
export function createReplicaHeartbeat(connection: RedisConnection, replicaId: string): ReplicaHeartbeat {
  let alive = 1;
  async function beat(): Promise<void> {
    try {
      await connection.run(async (redis) => {
        const nowSeconds = Number((await redis.time())[0]);
        const pipeline = redis
          .multi()
          .zadd(replicasKey, nowSeconds, replicaId)
          .zremrangebyscore(replicasKey, '-inf', nowSeconds - aliveForSeconds)
          .expire(replicasKey, aliveForSeconds)
          .zcard(replicasKey);
        alive = Math.max(1, (await runPipeline(pipeline))[3] as number);
      });
    } catch {
      // Redis is away: the last count stands, and its outage is reported by the connection.
    }
  }
  let timer: NodeJS.Timeout | undefined;
  return {
    async start() {
      timer = setInterval(() => void beat(), intervalMs);
      timer.unref();
      await beat();
    },
    count: () => alive,
    async stop() {
      clearInterval(timer);
      await connection.run((redis) => redis.zrem(replicasKey, replicaId)).catch(() => {});
    },
  };
}
