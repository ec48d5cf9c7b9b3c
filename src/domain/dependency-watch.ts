import type { Dependency } from './errors.ts';
import type { Health, ServiceHealth } from './health.ts';

export interface DependencyWatchOptions {
  health: Health;
  watched: readonly Dependency[];
  /** Told of each change; what is watched counts as up until it is found out. */
  onChange: (dependency: Dependency, isUp: boolean, detail: string | undefined) => void;
  intervalMs?: number;
}

export interface DependencyWatch {
  /** One look at all that is watched. Never throws. */
  look(): Promise<void>;
  start(): void;
  stop(): void;
}

/** A probe that is late once is no outage. */
const failuresUntilDown = 2;

/** Notices the outages of dependencies that no request would report: those that answers do without silently. */
export function createDependencyWatch(options: DependencyWatchOptions): DependencyWatch {
  const { health, watched, onChange, intervalMs = 2000 } = options;
  const failures = new Map<Dependency, number>();
  const out = new Set<Dependency>();
  let timer: NodeJS.Timeout | undefined;

  function note(dependency: Dependency, { state, detail }: ServiceHealth): void {
    const failed = state === 'down' ? (failures.get(dependency) ?? 0) + 1 : 0;
    failures.set(dependency, failed);
    if (failed === 0 && out.delete(dependency)) onChange(dependency, true, undefined);
    if (failed < failuresUntilDown || out.has(dependency)) return;
    out.add(dependency);
    onChange(dependency, false, detail);
  }

  async function look(): Promise<void> {
    const { services } = await health.check();
    for (const dependency of watched) note(dependency, services[dependency]);
  }

  return {
    look,
    start() {
      timer ??= setInterval(() => void look(), intervalMs);
      timer.unref();
    },
    stop: () => clearInterval(timer),
  };
}
