import type { Logger } from 'pino';
import { createGeminiProvider } from '../adapters/gemini/provider.ts';
import { createOpenAiProvider } from '../adapters/openai/provider.ts';
import { createVertexProvider } from '../adapters/vertex/provider.ts';
import type { Config } from '../config/parse-config.ts';
import type { ModelGate } from '../domain/models/model-gate.ts';
import type { ModelProvider } from '../domain/models/model-provider.ts';

export interface ProviderOptions {
  config: Config;
  gate: ModelGate;
  /** Told once of each setting that a model refuses. */
  onRefusedField: (model: string, field: string) => void;
}

/** Who runs the models, by MODEL_PROVIDER. */
const providers: Record<Config['models']['provider'], (options: ProviderOptions) => ModelProvider> = {
  gemini: ({ config, ...options }) => createGeminiProvider({ ...config.gemini, ...options }),
  vertex: ({ config, ...options }) => createVertexProvider({ ...config.vertex, ...options }),
  openai: ({ config, ...options }) => createOpenAiProvider({ ...config.openai, ...options }),
};

/** Undefined when nobody is configured (development): the knowledge base answers. */
export function createModelProvider(options: ProviderOptions): ModelProvider | undefined {
  const { isConfigured, provider } = options.config.models;
  return isConfigured ? providers[provider](options) : undefined;
}

/** A setting that a model refuses is left out from now on, but for `store: false`: without it nothing is sent. */
export const reportRefusedField = (logger: Logger) => (model: string, field: string) => {
  if (field === 'store')
    logger.error({ model }, 'this model does not take store: false, so nothing is sent to it');
  else logger.warn({ model, field }, 'this model refuses a setting, which is left out from now on');
};
