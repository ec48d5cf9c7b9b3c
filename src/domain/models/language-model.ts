import { DependencyError } from '../errors.ts';

export interface PromptMessage {
  author: 'user' | 'assistant';
  text: string;
}

/** Everything a model needs for one answer. `system` is fixed text; knowledge and history travel as messages. */
export interface Prompt {
  system: string;
  messages: readonly PromptMessage[];
}

export interface ModelUsage {
  inputTokens: number;
  /** Thoughts included, as they are billed. */
  outputTokens: number;
  /** Of the output, those that nobody reads. */
  thoughtTokens: number;
  /** Of the input, those that the provider had at hand. */
  cachedTokens: number;
}

export const noUsage: ModelUsage = { inputTokens: 0, outputTokens: 0, thoughtTokens: 0, cachedTokens: 0 };

/** A reply that ended in a way that makes it no answer, although it was paid for. */
export class UnfinishedReplyError extends DependencyError {
  readonly usage: ModelUsage;

  constructor(failure: DependencyError, usage: ModelUsage) {
    const { dependency, reason, message, retryable, cause } = failure;
    super(dependency, reason, message, { retryable, cause });
    this.usage = usage;
  }
}

/**
 * Events of one generation, in order: any number of `text`, then one `finish`.
 * `restart` voids all text so far: another try or another model begins from the start.
 */
export type ModelEvent =
  | { type: 'text'; text: string }
  | { type: 'restart' }
  | { type: 'finish'; model: string; usage: ModelUsage };

export interface GenerateOptions {
  /** Aborts the call; the iterator then throws the signal's reason. */
  signal: AbortSignal;
  /** Instant on the clock of `performance.now()` when the whole answer is due; no new try starts shortly before it. */
  deadlineAt?: number;
  /** 1 for the first call made for an answer, higher for its retries and fallbacks. */
  attempt?: number;
}

export interface LanguageModel {
  /**
   * Streams an answer. Ends after `finish`, which comes only when the model said it was done (finish reason STOP).
   * @throws DependencyError `gemini`: timeout, throttled (with retryAfterMs), unavailable, blocked, empty,
   *   truncated, not_found (the model does not exist), rejected (key or request refused).
   */
  generate(prompt: Prompt, options: GenerateOptions): AsyncIterable<ModelEvent>;
}
