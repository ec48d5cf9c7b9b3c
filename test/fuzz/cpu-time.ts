/** Milliseconds of this process's CPU time that a call takes. */
export function measureCpuMs(call: () => unknown): number {
  const before = process.cpuUsage();
  call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/**
 * The least of a few calls, as soon as one is within the bound: what the compiler and the garbage collector take once is
 * not the function's.
 */
export function measureLeastCpuMs(call: () => unknown, boundMs: number): number {
  let leastMs = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 5 && leastMs > boundMs; attempt += 1) {
    leastMs = Math.min(leastMs, measureCpuMs(call));
  }
  return leastMs;
}
