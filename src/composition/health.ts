import type { GeminiStatus } from '../adapters/gemini/gemini-monitor.ts';
import type { Config } from '../config/parse-config.ts';
import { createHealth, type Health, type ServiceHealth } from '../domain/health.ts';
import type { Adapters } from './adapters.ts';
import type { UseCases } from './use-cases.ts';

/** Asks each dependency how it is. */
export function createServiceHealth(
  config: Config,
  { redis, postgres, chroma, gemini }: Adapters,
  { liveKnowledge }: UseCases,
): Health {
  return createHealth({
    showCauses: !config.isProduction,
    probes: {
      redis: async () => ({ state: 'up', latencyMs: await redis.ping() }),
      postgres: async () => ({ state: 'up', latencyMs: await postgres.ping() }),
      chroma: async () => ({ state: 'up', latencyMs: await chroma.ping() }),
      gemini: async () => describeGemini(gemini?.status()),
    },
    knowledge() {
      const view = liveKnowledge.current();
      return view && { version: view.version.version, entries: view.entries.size };
    },
  });
}

function describeGemini(status: GeminiStatus | undefined): ServiceHealth {
  if (status === undefined) return { state: 'unconfigured', detail: 'GEMINI_API_KEY is not set' };
  const problems = [
    ...status.missingModels.map((model) => `${model} does not exist`),
    ...(status.refusedKeys > 0 ? [`${status.refusedKeys} API key(s) refused`] : []),
    ...(status.exhaustedKeys > 0 ? [`${status.exhaustedKeys} API key(s) out of quota`] : []),
    ...(status.state !== 'up' && status.lastError ? [status.lastError] : []),
  ];
  return { state: status.state, ...(problems.length > 0 && { detail: problems.join('; ') }) };
}
