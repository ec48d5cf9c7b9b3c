import type { ModelGate } from '../../domain/models/model-gate.ts';
import { closedModelsChannel, closedModelsKey, modelBudgetKey } from './keys.ts';
import type { RedisConnection } from './redis-connection.ts';
import { runScript } from './scripts.ts';

export interface RedisModelGateOptions {
  redis: Pick<RedisConnection, 'run' | 'duplicate'>;
  /** Calls that all replicas together may make in a minute; 0 for any number. */
  requestsPerMinute: number;
  /** Replicas that share the budget while Redis is out. */
  replicaCount: () => number;
  now?: () => number;
}

export interface RedisModelGate extends ModelGate {
  disconnect(): void;
}

/** Bounds what the subscriber's connection does on connecting. */
const commandTimeoutMs = 1_000;
const minuteMs = 60_000;

/** Each replica asks its own memory before a call; Redis only carries the news from one replica to the others. */
export function createRedisModelGate({
  redis,
  requestsPerMinute,
  replicaCount,
  now = () => performance.now(),
}: RedisModelGateOptions): RedisModelGate {
  const closedUntil = new Map<string, number>();
  const localBudget = createLocalBudget(now);

  function closeHere(scope: string, forMs: number) {
    for (const [known, end] of closedUntil) if (end <= now()) closedUntil.delete(known);
    closedUntil.set(scope, Math.max(closedUntil.get(scope) ?? 0, now() + forMs));
  }

  function takeMessage(message: string) {
    const [, forMs, scope] = /^(\d+) (.+)$/.exec(message) ?? [];
    if (scope !== undefined) closeHere(scope, Number(forMs));
  }

  const subscriber = redis.duplicate({ autoResubscribe: false, commandTimeout: commandTimeoutMs });
  subscriber.on('error', () => {
    // The shared connection reports the same outage.
  });
  subscriber.on('message', (_channel, message) => takeMessage(message));
  subscriber.on('ready', () => void followClosings());

  async function followClosings() {
    try {
      const messages = await runScript(subscriber, 'list-closed-models', [closedModelsKey]);
      if (Array.isArray(messages)) for (const message of messages) takeMessage(String(message));
      await subscriber.subscribe(closedModelsChannel);
    } catch {
      // Connected but unable to follow: start over, or closings of others would stay unknown.
      subscriber.disconnect(true);
    }
  }

  return {
    closedForMs(scope) {
      const remainingMs = (closedUntil.get(scope) ?? 0) - now();
      return remainingMs > 0 ? remainingMs : undefined;
    },
    close(scope, forMs) {
      const wholeMs = Math.ceil(forMs);
      closeHere(scope, wholeMs);
      redis
        .run((client) =>
          runScript(client, 'close-model', [closedModelsKey], [scope, wholeMs, closedModelsChannel]),
        )
        .catch(() => {
          // The other replicas find out by a refused call of their own.
        });
    },
    async tryAcquire() {
      if (requestsPerMinute === 0) return true;
      try {
        const count = await redis.run((client) => runScript(client, 'count-model-call', [modelBudgetKey]));
        return Number(count) <= requestsPerMinute;
      } catch {
        return localBudget.tryAcquire(Math.max(1, Math.floor(requestsPerMinute / replicaCount())));
      }
    },
    disconnect: () => subscriber.disconnect(),
  };
}

/** A fixed window of a minute in this process. */
function createLocalBudget(now: () => number) {
  let windowEndsAt = 0;
  let used = 0;
  return {
    tryAcquire(limit: number): boolean {
      if (now() >= windowEndsAt) {
        windowEndsAt = now() + minuteMs;
        used = 0;
      }
      used += 1;
      return used <= limit;
    },
  };
}
