import { setImmediate } from 'node:timers';

/** Calls back when nothing has refreshed it for too long. One timer, however often it is refreshed. */
export interface IdleWatch {
  /** Starts the wait anew, for so many times the usual limit. */
  refresh(patience?: number): void;
  stop(): void;
}

/** When the event loop was blocked, the timer fires before the bytes that have arrived are read; so they are read first. */
export function createIdleWatch(limitMs: number, onIdle: () => void): IdleWatch {
  let patience = 1;
  let signs = 0;
  let isOver = false;
  let timer = setTimeout(expire, limitMs);

  function expire() {
    const signsBefore = signs;
    setImmediate(() =>
      setImmediate(() => {
        if (!isOver && signs === signsBefore) onIdle();
      }),
    );
  }

  return {
    refresh(wanted = 1) {
      if (isOver) return;
      signs += 1;
      if (wanted === patience) {
        timer.refresh();
        return;
      }
      clearTimeout(timer);
      patience = wanted;
      timer = setTimeout(expire, limitMs * wanted);
    },
    stop() {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
