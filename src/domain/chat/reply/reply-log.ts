import type { ChatEvent } from '../chat-event.ts';

/** The events of one answer under way on this replica. Any number of readers, each at its own pace, miss nothing. */
export interface ReplyLog {
  append(event: ChatEvent): void;
  end(): void;
  /** Ends the log with an error, which every reader throws after the events before it. */
  fail(error: unknown): void;
  /** All events from the first on, then live ones. Ends early when `signal` aborts. */
  read(signal: AbortSignal): AsyncIterable<ChatEvent>;
  readerCount(): number;
}

/** `onReadersGone` is called whenever the last reader leaves before the end. */
export function createReplyLog(onReadersGone: () => void): ReplyLog {
  const events: ChatEvent[] = [];
  let ending: { error: unknown } | undefined;
  let readers = 0;
  const waiting = new Set<() => void>();

  const wakeReaders = () => {
    for (const wake of waiting) wake();
    waiting.clear();
  };
  const end = (error: unknown) => {
    ending ??= { error };
    wakeReaders();
  };

  return {
    append(event) {
      if (ending) return;
      events.push(event);
      wakeReaders();
    },
    end: () => end(undefined),
    fail: end,
    readerCount: () => readers,
    async *read(signal) {
      readers += 1;
      signal.addEventListener('abort', wakeReaders);
      try {
        for (let next = 0; !signal.aborted; ) {
          const event = events[next];
          if (event !== undefined) {
            next += 1;
            yield event;
          } else if (ending) {
            if (ending.error !== undefined) throw ending.error;
            return;
          } else {
            await new Promise<void>((wake) => waiting.add(wake));
          }
        }
      } finally {
        signal.removeEventListener('abort', wakeReaders);
        readers -= 1;
        if (readers === 0 && !ending) onReadersGone();
      }
    },
  };
}
