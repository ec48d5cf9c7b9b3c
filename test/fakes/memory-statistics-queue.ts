import { DependencyError } from '../../src/domain/errors.ts';
import type { StatisticsEvent } from '../../src/domain/statistics/statistics-event.ts';
import type { QueuedEvent, StatisticsQueue } from '../../src/domain/statistics/statistics-queue.ts';

/** A queue in memory that can be out and that can be full. */
export const createMemoryStatisticsQueue = () => {
  let nextId = 0;
  const state = { isOut: false, limit: Number.POSITIVE_INFINITY, setAside: [] as string[] };
  const waiting: QueuedEvent[] = [];
  const check = () => {
    if (state.isOut) throw new DependencyError('redis', 'unavailable', 'Redis is out');
  };
  const remove = (queueIds: readonly string[]) => {
    for (const queueId of queueIds) {
      const index = waiting.findIndex((event) => event.queueId === queueId);
      if (index >= 0) waiting.splice(index, 1);
    }
  };
  const queue: StatisticsQueue = {
    append: async (events: readonly StatisticsEvent[]) => {
      check();
      if (waiting.length + events.length > state.limit) return false;
      waiting.push(...events.map((event) => ({ queueId: String(nextId++), event })));
      return true;
    },
    take: async (limit) => {
      await new Promise(setImmediate);
      check();
      return waiting.slice(0, limit);
    },
    acknowledge: async (queueIds) => {
      check();
      remove(queueIds);
    },
    setAside: async (queueIds) => {
      check();
      remove(queueIds);
      state.setAside.push(...queueIds);
    },
    erase: async () => 0,
    backlog: async () => {
      check();
      return { count: waiting.length, oldestAgeMs: 0 };
    },
  };
  return { queue, state, waiting };
};
