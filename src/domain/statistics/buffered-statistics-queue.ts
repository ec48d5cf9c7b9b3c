import { isOfSubject } from './is-of-subject.ts';
import type { StatisticsEvent } from './statistics-event.ts';
import type { StatisticsQueue } from './statistics-queue.ts';

export interface BufferedStatisticsQueueOptions {
  queue: StatisticsQueue;
  /** Events held while the queue is away; the newest beyond it are dropped. */
  limit: number;
  onDropped: (reason: 'queue_full' | 'buffer_full', count: number) => void;
}

/** A queue whose `append` never throws: while the store behind it is away, events wait here, within a limit. */
export interface BufferedStatisticsQueue extends StatisticsQueue {
  /** Sends what waits. @throws what the queue throws; what was not sent keeps waiting. */
  flush(): Promise<void>;
  bufferedCount(): number;
}

const flushBatch = 500;

/**
 * An event may reach the queue twice when a reply was lost on the way; each is written once all the same, because
 * the statistics store knows it by id and time.
 */
export const createBufferedStatisticsQueue = ({
  queue,
  limit,
  onDropped,
}: BufferedStatisticsQueueOptions): BufferedStatisticsQueue => {
  let waiting: StatisticsEvent[] = [];
  let flushing: Promise<void> | undefined;

  const hold = (events: readonly StatisticsEvent[]): boolean => {
    const held = events.slice(0, Math.max(0, limit - waiting.length));
    waiting.push(...held);
    if (held.length < events.length) onDropped('buffer_full', events.length - held.length);
    return held.length === events.length;
  };

  const send = async (events: readonly StatisticsEvent[]): Promise<boolean> => {
    const taken = await queue.append(events);
    if (!taken) onDropped('queue_full', events.length);
    return taken;
  };

  const flushAll = async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, flushBatch);
      await send(batch);
      waiting = waiting.slice(batch.length);
    }
  };

  return {
    append: async (events) => {
      if (waiting.length > 0) return hold(events);
      return send(events).catch(() => hold(events));
    },
    flush: () => {
      flushing ??= flushAll().finally(() => {
        flushing = undefined;
      });
      return flushing;
    },
    bufferedCount: () => waiting.length,
    take: queue.take,
    acknowledge: queue.acknowledge,
    setAside: queue.setAside,
    erase: async (subject, requestIds) => {
      const kept = waiting.filter((event) => !isOfSubject(event, subject, new Set(requestIds)));
      const erased = waiting.length - kept.length;
      if (flushing === undefined) waiting = kept;
      return (flushing === undefined ? erased : 0) + (await queue.erase(subject, requestIds));
    },
    backlog: queue.backlog,
  };
};
