import { beforeEach, describe, expect, it } from 'vitest';
import { type CircuitBreaker, createCircuitBreaker } from '../../../src/domain/models/circuit-breaker.ts';

let nowMs: number;
let mayTry: boolean;
let breaker: CircuitBreaker;
let changes: boolean[];

beforeEach(() => {
  nowMs = 0;
  mayTry = true;
  changes = [];
  breaker = createCircuitBreaker({
    failuresToOpen: 3,
    halfOpenAfterMs: 1_000,
    trialPatienceMs: 5_000,
    mayTry: () => mayTry,
    onChange: (isOpen) => changes.push(isOpen),
    now: () => nowMs,
  });
});

const failTimes = (count: number) => {
  for (let failed = 0; failed < count; failed += 1) breaker.enter()?.fail();
};

describe('a circuit breaker', () => {
  it('opens after failures in a row, and only then', () => {
    failTimes(2);
    breaker.enter()?.succeed();
    failTimes(2);
    expect(breaker.openSince).toBeUndefined();
    failTimes(1);
    expect(breaker.openSince).toBe(0);
    expect(breaker.enter()).toBeUndefined();
  });

  it('opens at once for a failure that weighs enough', () => {
    breaker.enter()?.fail(3);
    expect(breaker.enter()).toBeUndefined();
  });

  it('stays closed when calls time out late that began before the newest success', () => {
    const late = [1, 2, 3].map(() => breaker.enter());
    nowMs = 500;
    breaker.enter()?.succeed();
    nowMs = 10_000;
    for (const pass of late) pass?.fail();
    expect(breaker.openSince).toBeUndefined();
    failTimes(3);
    expect(breaker.openSince).toBe(10_000);
  });

  it('admits one trial at a time once its pause is over', () => {
    failTimes(3);
    nowMs = 999;
    expect(breaker.enter()).toBeUndefined();
    nowMs = 1_000;
    expect(breaker.enter()).toBeDefined();
    expect(breaker.isTrying).toBe(true);
    expect(breaker.enter()).toBeUndefined();
  });

  it('lets another trial begin beside one that stalls, and closes when that succeeds', () => {
    failTimes(3);
    nowMs = 1_000;
    const stalled = breaker.enter();
    nowMs = 5_999;
    expect(breaker.enter()).toBeUndefined();
    nowMs = 6_000;
    breaker.enter()?.succeed();
    expect(breaker.openSince).toBeUndefined();
    stalled?.fail(3);
    expect(breaker.openSince).toBeUndefined();
    expect(breaker.isTrying).toBe(false);
  });

  it('lets no stalled trial put off the next one when it fails at last', () => {
    failTimes(3);
    nowMs = 1_000;
    const stalled = breaker.enter();
    nowMs = 6_000;
    breaker.enter();
    nowMs = 11_000;
    stalled?.fail();
    expect(breaker.enter()).toBeDefined();
  });

  it('pauses again after a failed trial and remembers since when it is open', () => {
    failTimes(3);
    nowMs = 1_000;
    breaker.enter()?.fail();
    nowMs = 1_999;
    expect(breaker.enter()).toBeUndefined();
    expect(breaker.openSince).toBe(0);
    nowMs = 2_000;
    expect(breaker.enter()).toBeDefined();
  });

  it('closes after a successful trial', () => {
    failTimes(3);
    nowMs = 1_000;
    breaker.enter()?.succeed();
    expect(breaker.openSince).toBeUndefined();
    failTimes(2);
    expect(breaker.enter()).toBeDefined();
  });

  it('tells of an outage once, however many trials it takes', () => {
    failTimes(3);
    for (nowMs = 1_000; nowMs < 5_000; nowMs += 1_000) breaker.enter()?.fail();
    breaker.enter()?.succeed();
    breaker.enter()?.succeed();
    expect(changes).toEqual([true, false]);
  });

  it('gives the next caller the trial that one left without a verdict', () => {
    failTimes(3);
    nowMs = 1_000;
    breaker.enter()?.cancel();
    expect(breaker.enter()).toBeDefined();
  });

  it('tries nothing while a probe says that nobody is there', () => {
    failTimes(3);
    nowMs = 5_000;
    mayTry = false;
    expect(breaker.enter()).toBeUndefined();
    mayTry = true;
    expect(breaker.enter()).toBeDefined();
  });

  it('is not held open longer by calls that began before it opened', () => {
    const late = breaker.enter();
    failTimes(3);
    nowMs = 900;
    late?.fail();
    nowMs = 1_000;
    expect(breaker.enter()).toBeDefined();
  });
});
