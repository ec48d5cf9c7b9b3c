import { setTimeout as sleep } from 'node:timers/promises';
import { checkBooks } from './books.ts';
import { type Fault, type Goal, strictGoal } from './fault.ts';
import type { FaultSystem } from './fault-system.ts';
import { watchHealth } from './health-watch.ts';
import { findImmortalKeys } from './immortal-keys.ts';
import { countMostRepeated, markLogs, readLogsSince, stateLines } from './replica-log.ts';
import { type AskedQuestion, startSteadyLoad } from './steady-load.ts';

/** One row of the table. */
export interface FaultFigures {
  readonly name: string;
  readonly title: string;
  readonly requests: number;
  readonly failed: number;
  readonly degraded: number;
  readonly duplicateTurns: number;
  readonly duplicateRows: number;
  readonly lostRows: number;
  readonly lostTurns: number;
  readonly addedP99Ms: number;
  /** 99th percentile during the fault, in percentiles of before. */
  readonly p99Factor: number;
  readonly recoveryMs: number;
  readonly stateLines: number;
  readonly note: string;
  /** Empty when the goal is met. */
  readonly problems: readonly string[];
}

export interface MeasureOptions {
  readonly people: number;
  readonly baselineMs: number;
  /** How long the fault lasts, unless it knows better. */
  readonly lastsMs?: number;
}

const settleMs = 1500;
const recoveryLimitMs = 60_000;
const shownProblems = 3;

/** Of a question, or of the second asking of one that was answered. */
const refusal = /^(the repeated question: )?503/;

/** Brings one fault upon the system while people ask, and says what it did to them. */
export async function measureFault(
  system: FaultSystem,
  fault: Fault,
  { people, baselineMs, lastsMs = fault.lastsMs }: MeasureOptions,
): Promise<FaultFigures> {
  const goal = { ...strictGoal, ...fault.goal };
  const logs = markLogs(system);
  const health = watchHealth(system);
  const load = startSteadyLoad({ origin: system.nginx.url, people });
  await sleep(baselineMs);

  const beganAtMs = performance.now();
  const finding = await fault.run({ system, lastsMs, hold: () => sleep(lastsMs) });
  const endedAtMs = performance.now();
  await health.untilHealthySince(endedAtMs, recoveryLimitMs);
  const isCalm = () => lastUnwholeMs(load.asked) < performance.now() - settleMs;
  while (!isCalm() && performance.now() < endedAtMs + recoveryLimitMs) await sleep(100);
  const asked = await load.stop();
  // What was still in flight may have told of the outage only now.
  await health.untilHealthySince(performance.now(), recoveryLimitMs);
  const healthyAtMs = health.healthySinceMs() ?? Number.POSITIVE_INFINITY;
  health.stop();

  const books = await checkBooks(system, asked);
  const { lines, text } = readLogsSince(system, logs);
  const failed = asked.filter(
    ({ problem }) => problem !== undefined && !(goal.mayRefuse && refusal.test(problem)),
  );
  const degraded = asked.filter(({ answer }) => (answer?.degraded.length ?? 0) > 0);
  const during = asked.filter((each) => each.endedAtMs > beganAtMs && each.startedAtMs < endedAtMs);
  const before = asked.filter((each) => each.endedAtMs <= beganAtMs);
  const recoveredAtMs = Math.max(healthyAtMs, lastUnwholeMs(asked), endedAtMs);
  const figures = {
    requests: asked.length,
    failed: failed.length,
    degraded: degraded.length,
    duplicateTurns: books.duplicateTurns.length,
    duplicateRows: books.duplicateRows.length,
    lostRows: books.lostRows.length,
    lostTurns: books.lostTurns.length,
    addedP99Ms: Math.max(0, percentile(during, 0.99) - percentile(before, 0.99)),
    p99Factor: percentile(during, 0.99) / percentile(before, 0.99),
    recoveryMs: recoveredAtMs - endedAtMs,
    stateLines: stateLines(lines).length,
  };
  const problems = [
    ...judge(figures, goal),
    ...failed.slice(0, shownProblems).map(({ problem, transport }) => `${transport}: ${problem}`),
    ...(figures.recoveryMs > goal.recoveryMs ? [`last trouble: ${health.lastTrouble()}`] : []),
    ...judgeDegraded(degraded, goal),
    ...judgeWhole(during, goal),
    ...judgeLogs(lines, text, asked, goal),
    ...(await findImmortalKeys(system)).slice(0, shownProblems).map((key) => `without expiry: ${key}`),
    ...(finding?.problems ?? []),
  ];
  return { name: fault.name, title: fault.title, ...figures, note: finding?.note ?? '', problems };
}

type Counts = Omit<FaultFigures, 'name' | 'title' | 'note' | 'problems'>;

function judge(figures: Counts, goal: Goal): string[] {
  const atMost = (what: string, value: number, limit: number) =>
    value > limit ? [`${what}: ${Math.round(value)}, at most ${Math.round(limit)} allowed`] : [];
  return [
    ...atMost('failed', figures.failed, goal.failedShare * figures.requests),
    ...atMost('duplicate turns', figures.duplicateTurns, 0),
    ...atMost('duplicate rows', figures.duplicateRows, 0),
    ...atMost('lost rows', figures.lostRows, goal.lostRows),
    ...atMost('lost turns', figures.lostTurns, goal.lostTurns),
    ...atMost('added p99 (ms)', figures.addedP99Ms, goal.addedP99Ms),
    ...(figures.p99Factor > goal.p99Factor
      ? [`p99: ${figures.p99Factor.toFixed(2)} times the usual, at most ${goal.p99Factor} allowed`]
      : []),
    ...atMost('recovery (ms)', figures.recoveryMs, goal.recoveryMs),
    ...(figures.stateLines < goal.leastStateLines ? ['no replica took notice'] : []),
  ];
}

function judgeDegraded(degraded: readonly AskedQuestion[], { mayLack }: Goal): string[] {
  const lacked = new Set(degraded.flatMap(({ answer }) => answer?.degraded ?? []));
  return [...lacked].flatMap((name) =>
    mayLack.some((allowed) => allowed === name) ? [] : [`answers did without ${name}`],
  );
}

function judgeWhole(during: readonly AskedQuestion[], { wholeShare }: Goal): string[] {
  const unwhole = during.filter((each) => !isWhole(each));
  const share = 1 - unwhole.length / Math.max(1, during.length);
  if (share >= wholeShare) return [];
  const examples = unwhole
    .slice(0, shownProblems)
    .map(({ answer, problem }) => problem ?? JSON.stringify(answer));
  return [`${(share * 100).toFixed(1)} % whole answers during the fault`, ...examples];
}

function judgeLogs(
  lines: ReturnType<typeof readLogsSince>['lines'],
  text: string,
  asked: readonly AskedQuestion[],
  { repeatedLines }: Goal,
): string[] {
  const repeated = countMostRepeated(lines);
  const told = asked.find(({ message }) => text.includes(message));
  return [
    ...(repeated.count > repeatedLines ? [`logged ${repeated.count} times: ${repeated.line}`] : []),
    ...(told ? [`a question is in the log: ${told.message}`] : []),
    ...(text.includes('key-of-the-tests') ? ['a secret is in the log'] : []),
  ];
}

const isWhole = ({ answer, problem }: AskedQuestion) =>
  problem === undefined && answer?.degraded.length === 0;

/** When the newest question was asked that got less than a whole answer. */
const lastUnwholeMs = (asked: readonly AskedQuestion[]) =>
  Math.max(
    Number.NEGATIVE_INFINITY,
    ...asked.filter((each) => !isWhole(each)).map(({ startedAtMs }) => startedAtMs),
  );

function percentile(asked: readonly AskedQuestion[], rank: number): number {
  const times = asked.map(({ startedAtMs, endedAtMs }) => endedAtMs - startedAtMs).sort((a, b) => a - b);
  return times[Math.min(times.length - 1, Math.floor(times.length * rank))] ?? 0;
}
