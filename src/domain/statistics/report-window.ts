const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The last days up to now, cut so that whole hours and whole days of roll-ups cover them. */
export interface ReportWindow {
  /** Full hour (UTC) in which the window begins. */
  fromHour: Date;
  /** First midnight (UTC) inside the window; roll-ups of days count from here, those of hours before. */
  fromDay: Date;
}

export const startOfHour = (at: Date): Date => new Date(Math.floor(at.getTime() / hourMs) * hourMs);
export const startOfDay = (at: Date): Date => new Date(Math.floor(at.getTime() / dayMs) * dayMs);
export const addDays = (at: Date, days: number): Date => new Date(at.getTime() + days * dayMs);
/** `2026-03-01` */
export const isoDay = (at: Date): string => at.toISOString().slice(0, 10);

export const createReportWindow = (now: Date, days: number): ReportWindow => {
  const fromHour = startOfHour(addDays(now, -days));
  const midnight = startOfDay(fromHour);
  return { fromHour, fromDay: midnight.getTime() === fromHour.getTime() ? midnight : addDays(midnight, 1) };
};
