import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../../../infra/local/service.ts';
import type { FaultSystem } from './fault-system.ts';

export interface HealthWatch {
  /** Since when every replica says that it is healthy; undefined while one does not. */
  healthySinceMs(): number | undefined;
  /** What was last wrong with whom. */
  lastTrouble(): string;
  /** Resolves once every replica is healthy by a look that began after `sinceMs`, or at the limit. */
  untilHealthySince(sinceMs: number, limitMs: number): Promise<void>;
  stop(): void;
}

const intervalMs = 250;

/** Asks every replica itself, again and again. */
export function watchHealth(system: FaultSystem): HealthWatch {
  let healthySinceMs: number | undefined;
  let lastLookMs = 0;
  let lastTrouble = '';
  let isStopped = false;

  async function look(): Promise<void> {
    const beganAtMs = performance.now();
    const troubles = (await Promise.all(system.replicas().map(findTrouble))).filter(
      (trouble) => trouble !== '',
    );
    healthySinceMs = troubles.length === 0 ? (healthySinceMs ?? beganAtMs) : undefined;
    if (troubles.length > 0) lastTrouble = troubles.join('; ');
    lastLookMs = beganAtMs;
  }
  void (async () => {
    while (!isStopped) {
      await look();
      await sleep(intervalMs);
    }
  })();

  return {
    healthySinceMs: () => healthySinceMs,
    lastTrouble: () => lastTrouble,
    async untilHealthySince(sinceMs, limitMs) {
      while (lastLookMs < sinceMs || healthySinceMs === undefined) {
        if (performance.now() > sinceMs + limitMs) return;
        await sleep(intervalMs / 5);
      }
    },
    stop() {
      isStopped = true;
    },
  };
}

/** Empty when the replica is healthy. */
async function findTrouble({ name, url }: Service): Promise<string> {
  try {
    const reply = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(2000) });
    const { status, services } = (await reply.json()) as HealthBody;
    if (status === 'healthy') return '';
    const wrong = Object.entries(services).filter(([, { state }]) => state !== 'up');
    return `${name}: ${wrong.map(([service, { state, detail }]) => `${service} ${state} (${detail})`).join(', ')}`;
  } catch (error) {
    return `${name}: ${error}`;
  }
}

interface HealthBody {
  readonly status: string;
  readonly services: Readonly<Record<string, { state: string; detail?: string }>>;
}
