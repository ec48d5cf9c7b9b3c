import type { EmbeddingModel } from './embedding-model.ts';
import type { LanguageModel } from './language-model.ts';

/**
 * What a look at a model found, at no cost. `missing`: it does not exist, as more than its description says.
 * `unclear`: a reply that answers nothing.
 */
export type ProbeResult = 'available' | 'missing' | 'refused' | 'unclear' | 'unreachable';

export interface CredentialCount {
  total: number;
  /** Held back by a quota of the model now. */
  exhausted: number;
  /** Not accepted. */
  refused: number;
}

export interface LanguageModelSettings {
  /** Room for the answer alone; a provider adds what the model spends on thoughts. */
  maxOutputTokens: number;
  temperature: number;
  /** Longest silence before the first sign of life or between two. */
  idleTimeoutMs: number;
  /** Told once of each version that answers under another name. */
  onModelVersion?: ((modelVersion: string) => void) | undefined;
}

/** Whoever runs models: all that the rest of the service knows of it. */
export interface ModelProvider {
  /** A model by its name, one call per answer, nothing retried. */
  createLanguageModel(model: string, settings: LanguageModelSettings): LanguageModel;
  /** The most tokens that one answer may cost beside its input. */
  largestOutputTokens(model: string, maxOutputTokens: number): number;
  /** Models that embed, by name. */
  embeddingModels: readonly EmbeddingModel[];
  /** Never throws. */
  probe(model: string): Promise<ProbeResult>;
  credentials: {
    count(model: string): CredentialCount;
    /** Looks at those that were refused, and takes back what is accepted by now. Never throws. */
    recheck(model: string): Promise<void>;
    /** What an operator can do about refused ones; undefined when nothing is known. */
    advice(): string | undefined;
  };
  /** True while nothing may be sent to a model because it would keep what it is sent. */
  isBarred(model: string): boolean;
  /** What a health report should say although all may be well. */
  notes(): readonly string[];
  close(): void;
}
