import type { Sample } from './sample.ts';

/** A figure that may have grown over the part of the run that is judged. */
export interface Growth {
  readonly what: string;
  readonly grown: number;
  readonly allowed: number;
}

/** Of a run, what comes before is the time in which caches fill and code is compiled. */
const warmUpShare = 1 / 3;
const allowedHeapMegabytes = 2;
/** Connections come and go with what is in flight; those to Postgres within their pools. */
const allowedHandles = 20;
const allowedBacklog = 20;
/** Of all keys: people begin sessions at random. */
const allowedKeyShare = 0.05;

/** The trend of every figure after the warm-up: the slope of the least-squares line, times the time it was looked at. */
export function judgeGrowth(samples: readonly Sample[]): Growth[] {
  const judged = samples.slice(Math.ceil(samples.length * warmUpShare));
  const perReplica = (what: string, pick: (sample: Sample) => readonly number[], allowed: number) =>
    (judged[0] ? pick(judged[0]) : []).map((_, index) => ({
      what: `${what} of replica ${index + 1}`,
      grown: trendOf(judged.map((sample) => pick(sample)[index] ?? 0)),
      allowed,
    }));
  return [
    ...perReplica('heap (MB)', ({ heapMegabytes }) => heapMegabytes, allowedHeapMegabytes),
    ...perReplica('file handles', ({ handles }) => handles, allowedHandles),
    {
      what: 'keys without expiry',
      grown: trendOf(judged.map(({ keysWithoutExpiry }) => keysWithoutExpiry)),
      allowed: 0,
    },
    {
      what: 'sessions, claims and replies in Redis',
      grown: trendOf(judged.map(({ keys }) => keys)),
      allowed: allowedKeyShare * Math.max(...judged.map(({ keys }) => keys)),
    },
    { what: 'backlog', grown: trendOf(judged.map(({ backlog }) => backlog)), allowed: allowedBacklog },
    {
      what: 'replicas that began anew',
      grown: (samples[0]?.pids ?? []).filter((pid, index) => pid !== samples.at(-1)?.pids[index]).length,
      allowed: 0,
    },
  ];
}

function trendOf(values: readonly number[]): number {
  const count = values.length;
  if (count < 2) return 0;
  const meanAt = (count - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const covariance = values.reduce((sum, value, at) => sum + (at - meanAt) * (value - mean), 0);
  const variance = values.reduce((sum, _, at) => sum + (at - meanAt) ** 2, 0);
  return (covariance / variance) * (count - 1);
}
