import { describe, expect, it } from 'vitest';
import {
  bucketDurationMs,
  bucketOf,
  findPercentileMs,
} from '../../../src/domain/statistics/latency-histogram.ts';

/** Numbers from 0 to 1 that look random and are the same in every run (mulberry32). */
const createRandom = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};

const histogramOf = (times: readonly number[]) => {
  const histogram = new Map<number, number>();
  for (const time of times) histogram.set(bucketOf(time), (histogram.get(bucketOf(time)) ?? 0) + 1);
  return histogram;
};

describe('the latency histogram', () => {
  it.each([
    ['uniform', (random: number) => random * 30_000],
    ['log-normal-like', (random: number) => Math.exp(random * 10)],
    ['with a long tail', (random: number) => 200 / (1 - random * 0.999)],
    ['below a millisecond', (random: number) => 0.05 + random],
  ])('has percentiles within 2 % of exact ones on 100,000 times (%s)', (_, shape) => {
    const random = createRandom(7);
    const times = Array.from({ length: 100_000 }, () => shape(random()));
    const histogram = histogramOf(times);
    const sorted = [...times].sort((one, other) => one - other);
    for (const share of [0.5, 0.95, 0.99]) {
      const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
      expect(Math.abs(findPercentileMs(histogram, share) / exact - 1)).toBeLessThan(0.02);
    }
  });

  it('keeps every duration within 2 % of its bucket, from microseconds to half an hour', () => {
    for (let durationMs = 0.001; durationMs < 2_000_000; durationMs *= 1.01) {
      const exact = Math.round(durationMs * 1000) / 1000;
      expect(Math.abs(bucketDurationMs(bucketOf(durationMs)) / exact - 1)).toBeLessThan(0.02);
    }
    expect(bucketOf(Number.MAX_SAFE_INTEGER)).toBe(bucketOf(2 ** 31 / 1000));
  });

  it('is 0 without any duration, and that one with only one', () => {
    expect(findPercentileMs(new Map(), 0.95)).toBe(0);
    expect(findPercentileMs(histogramOf([0.02]), 0.01)).toBe(0.02);
  });
});
