import { afterAll, beforeAll } from 'vitest';
import { type Chroma, createChroma } from '../../src/adapters/chroma/client.ts';
import { createChromaVectorIndex } from '../../src/adapters/chroma/vector-index.ts';
import { createMemoryVectorIndex } from '../fakes/memory-vector-index.ts';
import { startChroma, type TestServer } from '../fixtures/start-servers.ts';
import { describeVectorIndex } from './vector-index.contract.ts';

let server: TestServer;
let chroma: Chroma;
let opened = 0;

beforeAll(async () => {
  server = await startChroma();
  chroma = createChroma({ url: server.url });
});

afterAll(async () => {
  chroma.close();
  await server.remove();
});

describeVectorIndex('memory', async () => createMemoryVectorIndex());

describeVectorIndex('Chroma', async () => {
  opened += 1;
  return createChromaVectorIndex(chroma, { collectionName: `contract-${opened}` });
});
