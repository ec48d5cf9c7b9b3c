import { expect, test } from 'vitest';
import { createStallCounter } from '../../../src/adapters/watchdog/stall-counter.ts';

/** The ticks at which a thread with these heartbeats counts as stuck. */
const stuckAt = (counts: readonly number[], isDebugged = false) => {
  const isStuck = createStallCounter(3);
  return counts.flatMap((count, tick) => (isStuck({ count, isDebugged }) ? [tick] : []));
};

test('a thread without a heartbeat for the limit is stuck', () => {
  expect(stuckAt([1, 2, 2, 2, 2])).toEqual([4]);
});

test('work that is heavy and goes on is not, nor is a thread whose watcher was frozen with it', () => {
  expect(stuckAt([1, 1, 1, 2, 2, 2, 3, 3, 3])).toEqual([]);
});

test('a heartbeat begins the count anew', () => {
  expect(stuckAt([1, 1, 1, 2, 2, 2, 2, 3])).toEqual([6]);
});

test('a thread that is debugged is never stuck', () => {
  expect(stuckAt([1, 1, 1, 1, 1, 1], true)).toEqual([]);
});
