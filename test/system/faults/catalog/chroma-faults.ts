import { ChromaClient } from 'chromadb';
import { until } from '../../until.ts';
import type { Fault } from '../fault.ts';
import type { FaultSystem } from '../fault-system.ts';
import { createOutages } from './outages.ts';

/** A frozen server costs each question under way its limit of 2 s, once. */
const keywordsAlone = { mayLack: ['chroma'], addedP99Ms: 2500 } as const;

export const chromaFaults: readonly Fault[] = [
  ...createOutages('chroma', keywordsAlone, ['frozen']),
  {
    name: 'chroma-collection-deleted',
    title: 'The collection deleted from Chroma under load; it is rebuilt from Postgres',
    goal: keywordsAlone,
    lastsMs: 0,
    isTest: true,
    async run({ system }) {
      const chroma = connectChroma(system);
      const [collection] = await chroma.listCollections();
      if (!collection) return { problems: ['there is no collection to delete'] };
      const count = await collection.count();
      await chroma.deleteCollection({ name: collection.name });
      const beganAtMs = performance.now();
      await until(async () => {
        const found = await chroma.getCollection({ name: collection.name }).catch(() => undefined);
        return found !== undefined && (await found.count()) === count;
      });
      return { note: `rebuilt in ${((performance.now() - beganAtMs) / 1000).toFixed(1)} s` };
    },
  },
];

function connectChroma({ chroma: { port } }: FaultSystem): ChromaClient {
  return new ChromaClient({ host: '127.0.0.1', port, ssl: false });
}
