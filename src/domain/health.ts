import type { Dependency } from './errors.ts';

/** `unconfigured`: not used here, e.g. Gemini without a key. */
export const serviceStates = ['up', 'degraded', 'down', 'unconfigured'] as const;
export type ServiceState = (typeof serviceStates)[number];

export interface ServiceHealth {
  state: ServiceState;
  /** Of the probe; undefined when nothing was measured. */
  latencyMs?: number | undefined;
  /** A sentence for the operator. */
  detail?: string | undefined;
}

export interface HealthReport {
  /** `unhealthy` only when no chat can be answered: a model without knowledge would have to invent. */
  status: 'healthy' | 'degraded' | 'unhealthy';
  services: Record<Dependency, ServiceHealth>;
  knowledge: { version: number; entries: number } | undefined;
  /** Where text of people may go; undefined for anywhere. */
  region: string | undefined;
}

export interface Health {
  /** Probes that were made within the last second are not repeated, however many ask. */
  check(): Promise<HealthReport>;
}

export interface HealthDependencies {
  /** Each resolves within its limit, or rejects. */
  probes: Record<Dependency, () => Promise<ServiceHealth>>;
  knowledge: () => { version: number; entries: number } | undefined;
  region: string | undefined;
  /** Whether anybody may read why a dependency is down; its messages name addresses. */
  showCauses: boolean;
}

const freshForMs = 1000;

export function createHealth({ probes, knowledge, region, showCauses }: HealthDependencies): Health {
  let latest: { startedAtMs: number; report: Promise<HealthReport> } | undefined;

  async function probe(): Promise<HealthReport> {
    const down = (error: unknown): ServiceHealth => ({
      state: 'down',
      ...(showCauses && { detail: String((error as Error)?.message ?? error) }),
    });
    const [redis, postgres, chroma, gemini] = await Promise.all([
      probes.redis().catch(down),
      probes.postgres().catch(down),
      probes.chroma().catch(down),
      probes.gemini().catch(down),
    ]);
    const services = { redis, postgres, chroma, gemini };
    const isWhole = Object.values(services).every(({ state }) => state === 'up' || state === 'unconfigured');
    const status = knowledge() === undefined ? 'unhealthy' : isWhole ? 'healthy' : 'degraded';
    return { status, services, knowledge: knowledge(), region };
  }

  return {
    check() {
      const nowMs = performance.now();
      if (!latest || nowMs - latest.startedAtMs > freshForMs)
        latest = { startedAtMs: nowMs, report: probe() };
      return latest.report;
    },
  };
}
