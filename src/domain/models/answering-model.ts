import { createBreakerModel, failuresToOpen } from './breaker-model.ts';
import { createBudgetedModel } from './budgeted-model.ts';
import { createCircuitBreaker } from './circuit-breaker.ts';
import { createDeadlineModel } from './deadline-model.ts';
import { createFallbackModel } from './fallback-model.ts';
import type { LanguageModel } from './language-model.ts';
import type { ModelGate } from './model-gate.ts';
import { createModelMonitor, type ModelMonitor, type StateChange } from './model-monitor.ts';
import type { ModelProvider } from './model-provider.ts';
import { createObservedModel, type ModelCall } from './observed-model.ts';
import { createRetryingModel } from './retrying-model.ts';
import type { TokenBudget } from './token-budget.ts';
import { createTokenBudgetedModel } from './token-budgeted-model.ts';

export interface AnsweringModelOptions {
  provider: ModelProvider;
  model: string;
  fallbackModel: string;
  /** The model that embeds questions, if it is this provider's; its absence is reported, too. */
  embeddingModel?: string | undefined;
  gate: ModelGate;
  budget: TokenBudget;
  maxOutputTokens: number;
  temperature: number;
  /** For the whole answer, all tries and models together. */
  totalTimeoutMs: number;
  /** Longest silence of a model; 10 s unless told. */
  idleTimeoutMs?: number;
  /** Pause of an open breaker before a trial call; 3 s unless told. */
  halfOpenAfterMs?: number;
  onCall?: (call: ModelCall) => void;
  onStateChange?: (change: StateChange) => void;
  onBreakerChange?: (model: string, isOpen: boolean) => void;
  /** A configured model does not exist; told once until it is found again. */
  onMissingModel?: (model: string) => void;
  onModelVersion?: (model: string, modelVersion: string) => void;
}

/** Answers, and knows how its models are. */
export type AnsweringModel = LanguageModel & Pick<ModelMonitor, 'status' | 'suspect' | 'start' | 'close'>;

/** More than any model of today gives. */
const largestOutputTokens = 65_536;
const maxRetryDelayMs = 600;
/** Nothing but the knowledge base stands behind the last model: of calls of which 30 % fail, 0.2 % of the answers do. */
const lastModelRetries = 2;
/** What a fallback model needs for an answer that is worth starting. */
const minimumFallbackMs = 2_000;
/** Half of the longest silence: with the next trial's answer, up again well within 10 s of the cause going away. */
const trialPatienceMs = 5_000;

/**
 * The model with everything around it, outermost first: deadline; fallback model; another try with more room after an
 * empty or cut reply; retry; breaker; cluster's budgets of requests and of tokens; observation; the call itself.
 */
export function createAnsweringModel(options: AnsweringModelOptions): AnsweringModel {
  const { provider, model, fallbackModel, onCall } = options;
  const breakers = new Map([model, fallbackModel].map((name) => [name, createBreaker(name)]));

  const monitor = createModelMonitor({
    model,
    fallbackModel,
    embeddingModel: options.embeddingModel,
    provider,
    breakerOf: (name) => breakers.get(name),
    onStateChange: options.onStateChange ?? (() => {}),
    onMissingModel: options.onMissingModel ?? (() => {}),
  });

  function createBreaker(name: string) {
    return createCircuitBreaker({
      failuresToOpen,
      halfOpenAfterMs: options.halfOpenAfterMs ?? 3_000,
      trialPatienceMs,
      mayTry: () => monitor.isReachable(name),
      onChange: (isOpen) => options.onBreakerChange?.(name, isOpen),
    });
  }

  function breakerOf(name: string) {
    const breaker = breakers.get(name);
    if (!breaker) throw new Error(`No breaker for ${name}`);
    return breaker;
  }

  function observe(call: ModelCall) {
    onCall?.(call);
    // Later, because the breaker around the call hears of its end after this.
    setImmediate(() => monitor.observe(call));
  }

  function createCall(name: string, maxOutputTokens: number) {
    const bare = provider.createLanguageModel(name, {
      maxOutputTokens,
      temperature: options.temperature,
      idleTimeoutMs: options.idleTimeoutMs ?? 10_000,
      onModelVersion: (version) => options.onModelVersion?.(name, version),
    });
    const observed = createObservedModel(bare, name, observe);
    const affordable = createTokenBudgetedModel(observed, options.budget, () =>
      provider.largestOutputTokens(name, maxOutputTokens),
    );
    return createBreakerModel(createBudgetedModel(affordable, options.gate), breakerOf(name));
  }

  function createPersistentModel(name: string, retries: number) {
    const { maxOutputTokens } = options;
    return createFallbackModel(
      createRetryingModel(createCall(name, maxOutputTokens), { retries, maxDelayMs: maxRetryDelayMs }),
      createCall(name, Math.min(2 * maxOutputTokens, largestOutputTokens)),
      {
        when: ({ reason }) => reason === 'empty' || reason === 'truncated',
        minimumRemainingMs: minimumFallbackMs,
      },
    );
  }

  const primary = createPersistentModel(model, fallbackModel === model ? lastModelRetries : 1);
  const withFallback =
    fallbackModel === model
      ? primary
      : createFallbackModel(primary, createPersistentModel(fallbackModel, lastModelRetries), {
          when: ({ reason }) => reason !== 'blocked' && reason !== 'over_budget',
          minimumRemainingMs: minimumFallbackMs,
        });
  const { generate } = createDeadlineModel(withFallback, options.totalTimeoutMs);
  return { ...monitor, generate };
}
