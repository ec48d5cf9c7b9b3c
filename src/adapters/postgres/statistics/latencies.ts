import { and, eq, gte, inArray, lt, or, sql } from 'drizzle-orm';
import type { RollupRow } from '../../../domain/statistics/count-events.ts';
import type { LatencyHistogram } from '../../../domain/statistics/latency-histogram.ts';
import type { ReportWindow } from '../../../domain/statistics/report-window.ts';
import type { Database } from '../client.ts';
import { latencyHistograms } from '../schema/statistics.ts';

type StoredHistogram = Pick<typeof latencyHistograms.$inferSelect, 'firstBucket' | 'counts'>;
type Period = Pick<typeof latencyHistograms.$inferSelect, 'periodHours' | 'startsAt'>;

const keyOf = ({ periodHours, startsAt }: Period): string => `${periodHours}|${startsAt.getTime()}`;

const add = (histogram: Map<number, number>, bucket: number, count: number) => {
  histogram.set(bucket, (histogram.get(bucket) ?? 0) + count);
};

const addStored = (histogram: Map<number, number>, { firstBucket, counts }: StoredHistogram) => {
  for (const [offset, count] of counts.entries()) {
    if (count !== 0) add(histogram, firstBucket + offset, count);
  }
};

const toStored = (histogram: LatencyHistogram): StoredHistogram => {
  const firstBucket = Math.min(...histogram.keys());
  const length = Math.max(...histogram.keys()) - firstBucket + 1;
  const counts = Array.from({ length }, (_, offset) => histogram.get(firstBucket + offset) ?? 0);
  return { firstBucket, counts };
};

/**
 * Adds roll-ups of durations, of some hundred events at most, to the histograms of their periods. Needs the writer's
 * lock: it reads what it adds to.
 */
export const addLatencies = async (database: Database, rows: readonly RollupRow[]): Promise<void> => {
  if (rows.length === 0) return;
  const changed = new Map<string, Period & { histogram: Map<number, number> }>();
  for (const { periodHours, startsAt, label, value } of rows) {
    const key = keyOf({ periodHours, startsAt });
    const { histogram } = changed.get(key) ?? { histogram: new Map<number, number>() };
    add(histogram, Number(label), value);
    changed.set(key, { periodHours, startsAt, histogram });
  }
  const startsOf = (hours: number) =>
    [...changed.values()].filter(({ periodHours }) => periodHours === hours).map(({ startsAt }) => startsAt);
  const stored = await database
    .select()
    .from(latencyHistograms)
    .where(
      or(
        ...[1, 24].map((hours) =>
          and(eq(latencyHistograms.periodHours, hours), inArray(latencyHistograms.startsAt, startsOf(hours))),
        ),
      ),
    );
  for (const row of stored) {
    const period = changed.get(keyOf(row));
    if (period !== undefined) addStored(period.histogram, row);
  }
  await database
    .insert(latencyHistograms)
    .values(
      [...changed.values()].map(({ periodHours, startsAt, histogram }) => ({
        periodHours,
        startsAt,
        ...toStored(histogram),
      })),
    )
    .onConflictDoUpdate({
      target: [latencyHistograms.periodHours, latencyHistograms.startsAt],
      set: { firstBucket: sql`excluded.first_bucket`, counts: sql`excluded.counts` },
    });
};

/** Whole days come from the histograms of days, the hours before the first midnight from those of hours. */
export const sumLatencies = async (
  database: Database,
  { fromHour, fromDay }: ReportWindow,
): Promise<Map<number, number>> => {
  const { periodHours, startsAt } = latencyHistograms;
  const rows = await database
    .select({
      firstBucket: latencyHistograms.firstBucket,
      // JSON.parse is some four times as fast as the driver with its arrays.
      counts: sql<number[]>`to_json(${latencyHistograms.counts})`,
    })
    .from(latencyHistograms)
    .where(
      or(
        and(eq(periodHours, 24), gte(startsAt, fromDay)),
        and(eq(periodHours, 1), gte(startsAt, fromHour), lt(startsAt, fromDay)),
      ),
    );
  const histogram = new Map<number, number>();
  for (const row of rows) addStored(histogram, row);
  return histogram;
};
