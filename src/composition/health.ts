import type { Config } from '../config/parse-config.ts';
import { createHealth, type Health, type ServiceHealth } from '../domain/health.ts';
import type { ModelStatus } from '../domain/models/model-monitor.ts';
import type { ModelProvider } from '../domain/models/model-provider.ts';
import type { Adapters } from './adapters.ts';
import type { UseCases } from './use-cases.ts';

/** Asks each dependency how it is. */
export function createServiceHealth(
  config: Config,
  { redis, postgres, chroma, model, provider }: Adapters,
  { liveKnowledge }: UseCases,
): Health {
  return createHealth({
    region: config.models.region,
    showCauses: !config.isProduction,
    probes: {
      redis: async () => ({ state: 'up', latencyMs: await redis.ping() }),
      postgres: async () => ({ state: 'up', latencyMs: await postgres.ping() }),
      chroma: async () => ({ state: 'up', latencyMs: await chroma.ping() }),
      gemini: async () => describeModel(model?.status(), provider),
    },
    knowledge() {
      const view = liveKnowledge.current();
      return view && { version: view.version.version, entries: view.entries.size };
    },
  });
}

function describeModel(
  status: ModelStatus | undefined,
  provider: Pick<ModelProvider, 'notes' | 'credentials'> | undefined,
): ServiceHealth {
  if (!status || !provider) return { state: 'unconfigured', detail: 'GEMINI_API_KEY is not set' };
  const advice = provider.credentials.advice();
  const problems = [
    ...status.missingModels.map((model) => `${model} does not exist`),
    ...(status.refusedKeys > 0
      ? [`${status.refusedKeys} API key(s) refused${advice ? `: ${advice}` : ''}`]
      : []),
    ...(status.exhaustedKeys > 0 ? [`${status.exhaustedKeys} API key(s) out of quota`] : []),
    ...provider.notes(),
    ...(status.state !== 'up' && status.lastError ? [status.lastError] : []),
  ];
  return { state: status.state, ...(problems.length > 0 && { detail: problems.join('; ') }) };
}
