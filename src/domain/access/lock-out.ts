/** What became of a try with a secret. */
export type LockOutVerdict =
  | { outcome: 'admitted' }
  /** It was wrong; the next one is judged after `lockedMs`. */
  | { outcome: 'refused'; failures: number; lockedMs: number }
  /** It came too early and was not judged, right or wrong. */
  | { outcome: 'locked'; lockedMs: number };

/** Slows down who guesses a secret. Addresses are those of the rate limit. */
export interface LockOut {
  /**
   * Judges one try, atomically across replicas: of any number that come at once from one address, one wrong one is
   * judged. Never throws: without Redis each replica remembers for itself.
   */
  judge(address: string, isRight: boolean): Promise<LockOutVerdict>;
  /** Forgets the failures of an address; false if there were none. @throws DependencyError `redis`. */
  lift(address: string): Promise<boolean>;
}

const firstLockMs = 1000;
export const longestLockMs = 15 * 60_000;
/** Failures are forgotten this long after the last one. A right secret forgets nothing: it may be a neighbour's. */
export const failureMemoryMs = 3_600_000;

/** 1 s after the first failure, twice as long after each further one, 15 minutes at most. */
export function lockMsAfter(failures: number): number {
  return Math.min(longestLockMs, firstLockMs * 2 ** (failures - 1));
}

/** The failures that one process knows of. Holds `limit` addresses; beyond it the oldest is forgotten. */
export function createLocalLockOut({ limit = 10_000, now = () => performance.now() } = {}) {
  const locks = new Map<string, { failures: number; lockedUntilMs: number }>();
  return {
    judge(address: string, isRight: boolean): LockOutVerdict {
      const lock = locks.get(address);
      const lockedMs = (lock?.lockedUntilMs ?? 0) - now();
      if (lock && lockedMs > 0) return { outcome: 'locked', lockedMs };
      if (isRight) return { outcome: 'admitted' };
      const isForgotten = -lockedMs > failureMemoryMs;
      const failures = lock && !isForgotten ? lock.failures + 1 : 1;
      const [oldest] = locks.keys();
      if (locks.size >= limit && oldest !== undefined) locks.delete(oldest);
      locks.delete(address);
      locks.set(address, { failures, lockedUntilMs: now() + lockMsAfter(failures) });
      return { outcome: 'refused', failures, lockedMs: lockMsAfter(failures) };
    },
    lift: (address: string) => locks.delete(address),
  };
}
