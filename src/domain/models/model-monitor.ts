import type { CircuitBreaker } from './circuit-breaker.ts';
import type { ModelProvider, ProbeResult } from './model-provider.ts';
import type { CallOutcome, ModelCall } from './observed-model.ts';

/** `degraded`: only the fallback model answers, or questions cannot be embedded. `down`: the knowledge base has to. */
export type ModelState = 'up' | 'degraded' | 'down' | 'unconfigured';

export interface ModelStatus {
  state: ModelState;
  model: string;
  fallbackModel: string;
  /** When the state last left `up`. */
  notUpSince: Date | undefined;
  lastError: string | undefined;
  /** Configured models that do not exist. */
  missingModels: readonly string[];
  /** Keys that the model's quota holds back now. */
  exhaustedKeys: number;
  /** Keys that are not accepted. */
  refusedKeys: number;
}

export interface StateChange {
  from: ModelState;
  to: ModelState;
  status: ModelStatus;
}

export interface ModelMonitorOptions {
  model: string;
  fallbackModel: string;
  /** The model that embeds questions, if it is this provider's. */
  embeddingModel?: string | undefined;
  /** Undefined for the model that embeds, which has its own. */
  breakerOf: (model: string) => CircuitBreaker | undefined;
  provider: Pick<ModelProvider, 'probe' | 'credentials' | 'isBarred'>;
  onStateChange: (change: StateChange) => void;
  onMissingModel: (model: string) => void;
  now?: () => number;
}

export interface ModelMonitor {
  status(): ModelStatus;
  /** Takes note of a call that ended. */
  observe(call: Pick<ModelCall, 'model' | 'outcome'>): void;
  /** A call said that a model does not exist: the next check asks once more. */
  suspect(model: string): void;
  /** False while the last probe found nobody at the model's address. */
  isReachable(model: string): boolean;
  /** One look at every model and refused key that is in doubt; cheap, and no request at all while all is well. */
  check(): Promise<void>;
  /** Checks now, and again at an interval. */
  start(): void;
  close(): void;
}

/** Fast enough to be up again within 10 s of the cause going away, together with the quiet time. */
const checkIntervalMs = 2_000;

/**
 * An open breaker counts as over once a probe succeeds and nothing failed for this long: longer than the pause
 * between two trial calls, so that under load only a successful trial ends an outage.
 */
const quietMs = 5_000;

/** Failures that tell something about the model; the others are about one prompt or one asker. */
const outages: ReadonlySet<string> = new Set([
  'unavailable',
  'timeout',
  'not_found',
  'throttled',
  'rejected',
] satisfies CallOutcome[]);

interface ModelView {
  lastFailureAt: number;
  lastProbe: ProbeResult | undefined;
  isMissing: boolean;
  /** Somebody was told that it does not exist, since the last look at it. */
  isSuspect: boolean;
}

/**
 * Knows at any time, with or without traffic, whether the models can be used, and says so once per change. A breaker
 * that nobody's call can close is closed once a probe says that its model is there.
 */
export function createModelMonitor(options: ModelMonitorOptions): ModelMonitor {
  const { model, fallbackModel, embeddingModel, breakerOf, provider, onStateChange, onMissingModel } =
    options;
  const { credentials } = provider;
  const now = options.now ?? (() => performance.now());
  const names = [
    ...new Set([model, fallbackModel, ...(embeddingModel === undefined ? [] : [embeddingModel])]),
  ];
  const views = new Map(names.map((name) => [name, createView()]));
  let state: ModelState = isConfigured() ? 'up' : 'unconfigured';
  let notUpSince: Date | undefined;
  let lastError: string | undefined;
  let timer: NodeJS.Timeout | undefined;

  function isConfigured(): boolean {
    return credentials.count(model).total > 0;
  }

  function isUsable(name: string): boolean {
    const view = views.get(name);
    const { total, exhausted, refused } = credentials.count(name);
    if (!view || view.isMissing || provider.isBarred(name) || exhausted + refused >= total) return false;
    const breaker = breakerOf(name);
    if (breaker?.openSince === undefined) return true;
    return !breaker.isTrying && isQuiet(view);
  }

  function isQuiet({ lastProbe, lastFailureAt }: ModelView): boolean {
    return lastProbe === 'available' && now() - lastFailureAt > quietMs;
  }

  function currentState(): ModelState {
    if (!isConfigured()) return 'unconfigured';
    const canEmbed = embeddingModel === undefined || !views.get(embeddingModel)?.isMissing;
    if (isUsable(model)) return canEmbed ? 'up' : 'degraded';
    return isUsable(fallbackModel) ? 'degraded' : 'down';
  }

  function describe(): ModelStatus {
    const { exhausted, refused } = credentials.count(model);
    return {
      state,
      model,
      fallbackModel,
      notUpSince,
      lastError: notUpSince && lastError,
      missingModels: names.filter((name) => views.get(name)?.isMissing),
      exhaustedKeys: exhausted,
      refusedKeys: refused,
    };
  }

  function reportChange() {
    const to = currentState();
    if (to === state) return;
    const from = state;
    state = to;
    notUpSince = to === 'up' ? undefined : (notUpSince ?? new Date());
    onStateChange({ from, to, status: describe() });
  }

  function setMissing(name: string, view: ModelView, isMissing: boolean) {
    if (isMissing && !view.isMissing) onMissingModel(name);
    view.isMissing = isMissing;
  }

  async function checkModel(name: string, view: ModelView) {
    const breaker = breakerOf(name);
    const isUnknown = view.lastProbe === undefined || view.isSuspect;
    const inDoubt = isUnknown || view.isMissing || breaker?.openSince !== undefined;
    if (!inDoubt || !isConfigured()) return;
    view.isSuspect = false;
    view.lastProbe = await provider.probe(name);
    if (view.lastProbe === 'missing') setMissing(name, view, true);
    if (view.lastProbe === 'available') setMissing(name, view, false);
    if (isQuiet(view)) breaker?.reset();
  }

  async function checkKeys() {
    if (credentials.count(model).refused > 0) await credentials.recheck(model);
  }

  async function check() {
    await Promise.all([...[...views].map(([name, view]) => checkModel(name, view)), checkKeys()]);
    reportChange();
  }

  function schedule() {
    timer = setTimeout(async () => {
      await check();
      if (timer) schedule();
    }, checkIntervalMs).unref();
  }

  return {
    status() {
      reportChange();
      return describe();
    },
    observe({ model: name, outcome }) {
      const view = views.get(name);
      if (!view) return;
      if (outcome === 'ok' || outcome === 'not_found') setMissing(name, view, outcome === 'not_found');
      if (outages.has(outcome)) {
        view.lastFailureAt = now();
        lastError = `${name}: ${outcome}`;
      }
      reportChange();
    },
    suspect(name) {
      const view = views.get(name);
      if (view) view.isSuspect = true;
    },
    isReachable: (name) => views.get(name)?.lastProbe !== 'unreachable',
    check,
    start() {
      schedule();
      void check();
    },
    close() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

function createView(): ModelView {
  return {
    lastFailureAt: Number.NEGATIVE_INFINITY,
    lastProbe: undefined,
    isMissing: false,
    isSuspect: false,
  };
}
