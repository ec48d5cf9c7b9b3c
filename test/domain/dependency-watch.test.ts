import { expect, test } from 'vitest';
import { createDependencyWatch } from '../../src/domain/dependency-watch.ts';
import type { HealthReport, ServiceState } from '../../src/domain/health.ts';

function createScene() {
  const states: Record<string, ServiceState> = { redis: 'up', postgres: 'up', chroma: 'up', gemini: 'up' };
  const changes: string[] = [];
  const watch = createDependencyWatch({
    health: {
      check: async () => ({
        status: 'healthy',
        services: Object.fromEntries(
          Object.entries(states).map(([name, state]) => [name, { state }]),
        ) as HealthReport['services'],
        knowledge: undefined,
        region: undefined,
      }),
    },
    watched: ['postgres', 'chroma'],
    onChange: (dependency, isUp) => void changes.push(`${dependency} ${isUp ? 'up' : 'down'}`),
  });
  return {
    changes,
    async look(change: Partial<typeof states> = {}) {
      Object.assign(states, change);
      await watch.look();
    },
  };
}

test('an outage is told once, and its end once', async () => {
  const { look, changes } = createScene();
  await look();
  for (let looks = 0; looks < 5; looks++) await look({ postgres: 'down' });
  for (let looks = 0; looks < 5; looks++) await look({ postgres: 'up' });
  expect(changes).toEqual(['postgres down', 'postgres up']);
});

test('one late probe is no outage', async () => {
  const { look, changes } = createScene();
  await look({ chroma: 'down' });
  await look({ chroma: 'up' });
  await look({ chroma: 'down' });
  await look({ chroma: 'up' });
  expect(changes).toEqual([]);
});

test('only what is watched is told', async () => {
  const { look, changes } = createScene();
  await look({ redis: 'down' });
  await look();
  expect(changes).toEqual([]);
});
