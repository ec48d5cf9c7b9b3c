import { expect, test } from 'vitest';
import { createLocalLockOut, failureMemoryMs, lockMsAfter } from '../../../src/domain/access/lock-out.ts';

test('a lock grows from one second to 15 minutes', () => {
  expect([1, 2, 3, 10, 11, 2000].map(lockMsAfter)).toEqual([1000, 2000, 4000, 512_000, 900_000, 900_000]);
});

test('one wrong try is judged for each lock, and right ones wait as well', () => {
  let nowMs = 0;
  const lockOut = createLocalLockOut({ now: () => nowMs });
  expect(lockOut.judge('a', false)).toEqual({ outcome: 'refused', failures: 1, lockedMs: 1000 });
  for (const isRight of [false, true]) expect(lockOut.judge('a', isRight).outcome).toBe('locked');
  expect(lockOut.judge('b', true)).toEqual({ outcome: 'admitted' });
  nowMs = 1000;
  expect(lockOut.judge('a', true)).toEqual({ outcome: 'admitted' });
  expect(lockOut.judge('a', false)).toEqual({ outcome: 'refused', failures: 2, lockedMs: 2000 });
  nowMs += 2000 + failureMemoryMs + 1;
  expect(lockOut.judge('a', false)).toMatchObject({ failures: 1 });
  expect(lockOut.lift('a')).toBe(true);
  expect(lockOut.judge('a', true)).toEqual({ outcome: 'admitted' });
});

test('memory is bounded', () => {
  const lockOut = createLocalLockOut({ limit: 2 });
  for (const address of ['a', 'b', 'c']) lockOut.judge(address, false);
  expect(lockOut.judge('a', true)).toEqual({ outcome: 'admitted' });
  expect(lockOut.judge('c', true).outcome).toBe('locked');
});
