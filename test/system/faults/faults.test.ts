import { afterAll, beforeAll, expect, test } from 'vitest';
import { allFaults } from './catalog/all-faults.ts';
import { type FaultSystem, startFaultSystem } from './fault-system.ts';
import { measureFault } from './measure-fault.ts';
import { fromTheStart, readLogsSince } from './replica-log.ts';

/** One fault of each kind, and every one that has ever missed its goal, for a few seconds each. */
const faults = allFaults.filter(({ isTest }) => isTest);
const load = { people: 12, baselineMs: 1000 };
const longestMs = 3000;
/** Of the time limits of the service, so that stalls show in seconds. */
const requestTimeoutSeconds = 10;

let system: FaultSystem;

beforeAll(async () => {
  system = await startFaultSystem({ requestTimeoutSeconds });
});
afterAll(() => system?.stop());

test.each(faults.map((fault) => [fault.title, fault] as const))('%s', async (_, fault) => {
  // Times are judged by the full run, on a machine of its own.
  const untimed = {
    ...fault,
    goal: { ...fault.goal, addedP99Ms: Number.POSITIVE_INFINITY, p99Factor: Number.POSITIVE_INFINITY },
  };
  const lastsMs = Math.min(fault.lastsMs, longestMs);
  const figures = await measureFault(system, untimed, { ...load, lastsMs });
  expect(figures.problems).toEqual([]);
  expect(figures.requests).toBeGreaterThan(0);
});

test('no replica met an error that nobody caught, but the one it was given', () => {
  const { lines } = readLogsSince(system, fromTheStart);
  const uncaught = lines.filter(({ msg }) => msg === 'uncaughtException' || msg === 'unhandledRejection');
  const own = uncaught.filter(({ err }) => !JSON.stringify(err).includes('by the fault suite'));
  expect(own).toEqual([]);
});
