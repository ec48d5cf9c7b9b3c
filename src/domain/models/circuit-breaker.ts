/** One admitted call. Exactly one of its methods is to be called when the call has ended. */
export interface BreakerPass {
  succeed(): void;
  /** `weight` failures in a row at once: one is enough for an outage that is sure, or dear to find out again. */
  fail(weight?: number): void;
  /** Ended without a verdict, e.g. because the asker went away. */
  cancel(): void;
}

export interface CircuitBreaker {
  /** A pass for one call, or undefined while calls are pointless. */
  enter(): BreakerPass | undefined;
  /** Closes it because something else than a call found the cause gone. Does nothing while a trial call decides. */
  reset(): void;
  /** Instant on the injected clock when it opened; undefined while closed. */
  readonly openSince: number | undefined;
  /** True while trial calls decide whether it closes. */
  readonly isTrying: boolean;
}

export interface CircuitBreakerOptions {
  /** Failures in a row that open it. At 30 % failing calls, ten in a row come once in 170,000 calls. */
  failuresToOpen: number;
  /** How long it stays open before one call may try again. */
  halfOpenAfterMs: number;
  /** How long a trial call may go on before another one may try beside it; for ever unless told. */
  trialPatienceMs?: number;
  /** Asked before a trial call: false keeps it open, e.g. while a probe finds nobody there. */
  mayTry?: () => boolean;
  /** Told when it opens and when it closes, not of trials in between. */
  onChange?: (isOpen: boolean) => void;
  now?: () => number;
}

/**
 * Opens after failures in a row, then lets single trial calls through; the first success closes it. A trial that began
 * just before the end of an outage can stall for its whole time limit, so that others do not wait for it for ever.
 * The breakers of libraries wrap a promise and let everybody wait for the trial; an answer is a stream of many
 * seconds, so here the caller reports the end itself, and nobody waits.
 */
export function createCircuitBreaker({
  failuresToOpen,
  halfOpenAfterMs,
  trialPatienceMs = Number.POSITIVE_INFINITY,
  mayTry = () => true,
  onChange = () => {},
  now = () => performance.now(),
}: CircuitBreakerOptions): CircuitBreaker {
  let failures = 0;
  let openSince: number | undefined;
  let tryAgainAt = 0;
  let trialsRunning = 0;
  let lastTrialBeganAt = Number.NEGATIVE_INFINITY;
  let lastSuccessBeganAt = Number.NEGATIVE_INFINITY;

  function close() {
    failures = 0;
    if (openSince === undefined) return;
    openSince = undefined;
    onChange(false);
  }

  function succeed(beganAt: number) {
    lastSuccessBeganAt = Math.max(lastSuccessBeganAt, beganAt);
    close();
  }

  function fail(weight: number, isTrial: boolean, beganAt: number) {
    // The last to time out of an outage say nothing once a call that began later has succeeded.
    if (beganAt < lastSuccessBeganAt) return;
    failures += weight;
    const isLateResult = openSince !== undefined && (!isTrial || beganAt < lastTrialBeganAt);
    if (failures < failuresToOpen || isLateResult) return;
    tryAgainAt = now() + halfOpenAfterMs;
    if (openSince !== undefined) return;
    openSince = now();
    onChange(true);
  }

  function createPass(isTrial: boolean): BreakerPass {
    const beganAt = now();
    const end = (verdict: () => void) => {
      if (isTrial) trialsRunning -= 1;
      verdict();
    };
    return {
      succeed: () => end(() => succeed(beganAt)),
      fail: (weight = 1) => end(() => fail(weight, isTrial, beganAt)),
      cancel: () => end(() => {}),
    };
  }

  return {
    enter() {
      if (openSince === undefined) return createPass(false);
      const isWaiting = trialsRunning > 0 && now() - lastTrialBeganAt < trialPatienceMs;
      if (isWaiting || now() < tryAgainAt || !mayTry()) return undefined;
      trialsRunning += 1;
      lastTrialBeganAt = now();
      return createPass(true);
    },
    reset() {
      if (trialsRunning === 0) close();
    },
    get openSince() {
      return openSince;
    },
    get isTrying() {
      return trialsRunning > 0;
    },
  };
}
