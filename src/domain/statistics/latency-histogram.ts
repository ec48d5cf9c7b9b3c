/**
 * Log-linear histogram, as HdrHistogram has it (hdrhistogram.org): every power of two is split into 32 buckets of
 * equal width, so that the middle of a bucket is at most 1/64 (1.6 %) away from any value in it.
 */
const bucketsPerOctave = 32;
const octaveBits = Math.log2(bucketsPerOctave);

/** Microseconds that fit the bit arithmetic: about 35 minutes, far over any time limit. */
const maxMicroseconds = 2 ** 31 - 1;

/** Bucket of a duration. Buckets of whole microseconds are exact below 64 µs. */
export const bucketOf = (durationMs: number): number => {
  const value = Math.min(maxMicroseconds, Math.max(1, Math.round(durationMs * 1000)));
  const octave = Math.max(0, 31 - Math.clz32(value) - octaveBits);
  return octave * bucketsPerOctave + (value >> octave);
};

/** The duration that stands for a bucket: its middle. */
export const bucketDurationMs = (bucket: number): number => {
  const octave = Math.max(0, Math.floor(bucket / bucketsPerOctave) - 1);
  const lowest = (bucket - octave * bucketsPerOctave) * 2 ** octave;
  return (lowest + (2 ** octave - 1) / 2) / 1000;
};

/** Counts by bucket. */
export type LatencyHistogram = ReadonlyMap<number, number>;

/**
 * The duration that a share of all durations does not exceed (nearest rank): 0.95 for p95. 0 for an empty histogram.
 */
export const findPercentileMs = (histogram: LatencyHistogram, share: number): number => {
  const buckets = [...histogram].sort(([one], [other]) => one - other);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  const rank = Math.max(1, Math.ceil(total * share));
  let counted = 0;
  for (const [bucket, count] of buckets) {
    counted += count;
    if (counted >= rank) return bucketDurationMs(bucket);
  }
  return 0;
};
