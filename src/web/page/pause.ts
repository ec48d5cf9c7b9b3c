/** Waits; goes on early when the browser comes back online, and not before that while it is offline. */
export const pauseUntilOnline = (durationMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const finished = new AbortController();
    const { signal: cleanUp } = finished;
    const finish = (settle: () => void) => {
      finished.abort();
      clearTimeout(timer);
      settle();
    };
    const timer = setTimeout(() => {
      if (navigator.onLine) finish(resolve);
    }, durationMs);
    addEventListener('online', () => finish(resolve), { signal: cleanUp });
    signal.addEventListener('abort', () => finish(() => reject(signal.reason)), { signal: cleanUp });
  });
