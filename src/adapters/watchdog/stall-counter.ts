/** What the watched thread last said of itself. */
export interface Heartbeat {
  /** Changes whenever its event loop turns. */
  count: number;
  /** A debugger may hold the thread for as long as it likes. */
  isDebugged: boolean;
}

/**
 * The function, called once a tick, returns true when the count has not changed for `limitTicks`. Ticks are the
 * watcher's own, so that a process that was frozen as a whole, both threads alike, is not taken for a stuck one.
 */
export function createStallCounter(limitTicks: number): (heartbeat: Heartbeat) => boolean {
  let lastCount: number | undefined;
  let silentTicks = 0;
  return ({ count, isDebugged }) => {
    silentTicks = count === lastCount && !isDebugged ? silentTicks + 1 : 0;
    lastCount = count;
    return silentTicks >= limitTicks;
  };
}
