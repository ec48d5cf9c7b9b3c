import type { DependencyName, FaultSystem } from './fault-system.ts';

/** What must hold while a fault lasts and after it. Whatever the fault, nothing is ever doubled. */
export interface Goal {
  /** Part of the questions that may stay unanswered. */
  readonly failedShare: number;
  /** Whether people may be refused with 503, which then is no failure. */
  readonly mayRefuse: boolean;
  /** What answers may have to do without; anything else in `degraded` misses the goal. */
  readonly mayLack: readonly DependencyName[];
  /** Of the questions during the fault, this part must get an answer that does without nothing. */
  readonly wholeShare: number;
  /** Added to the 99th percentile of the answer time. */
  readonly addedP99Ms: number;
  /** Times the 99th percentile of the answer time before the fault. */
  readonly p99Factor: number;
  /** From the end of the cause until every replica is healthy and every question gets a whole answer. */
  readonly recoveryMs: number;
  /** Answered questions whose statistics may be missing. */
  readonly lostRows: number;
  /** Answered questions that may be missing in the history. */
  readonly lostTurns: number;
  /** State lines without which the fault had no effect, and shows nothing. */
  readonly leastStateLines: number;
  /** Times that one replica may write the same state line. */
  readonly repeatedLines: number;
}

export const strictGoal: Goal = {
  failedShare: 0,
  mayRefuse: false,
  mayLack: [],
  wholeShare: 0,
  addedP99Ms: Number.POSITIVE_INFINITY,
  p99Factor: Number.POSITIVE_INFINITY,
  recoveryMs: 10_000,
  lostRows: 0,
  lostTurns: 0,
  leastStateLines: 0,
  repeatedLines: 4,
};

/** What a fault has to say beyond the figures that all have. */
export interface Finding {
  /** Goes into the table. */
  readonly note?: string;
  /** Each misses the goal. */
  readonly problems?: readonly string[];
}

export interface FaultContext {
  readonly system: FaultSystem;
  readonly lastsMs: number;
  /** Resolves after the time that the fault is to last. */
  hold(): Promise<void>;
}

export interface Fault {
  /** For `--only`. */
  readonly name: string;
  readonly title: string;
  readonly goal: Partial<Goal>;
  /** In the full run; its effect needs that long to show. */
  readonly lastsMs: number;
  /** Part of `npm test`, where it lasts a few seconds. */
  readonly isTest?: boolean;
  /** Brings the fault about, holds it, and takes it away again. */
  run(context: FaultContext): Promise<Finding | undefined>;
}
