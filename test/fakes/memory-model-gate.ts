import type { ModelGate } from '../../src/domain/models/model-gate.ts';

/** A gate of one process; several models may share it like replicas share Redis. */
export function createMemoryModelGate({
  now = () => performance.now(),
  budget = Number.POSITIVE_INFINITY,
} = {}): ModelGate {
  const closedUntil = new Map<string, number>();
  let left = budget;
  return {
    closedForMs(scope) {
      const remainingMs = (closedUntil.get(scope) ?? 0) - now();
      return remainingMs > 0 ? remainingMs : undefined;
    },
    close(scope, forMs) {
      closedUntil.set(scope, Math.max(closedUntil.get(scope) ?? 0, now() + forMs));
    },
    async tryAcquire() {
      left -= 1;
      return left >= 0;
    },
  };
}
