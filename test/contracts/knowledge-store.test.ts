import { sql } from 'drizzle-orm';
import { afterAll, beforeAll } from 'vitest';
import { createPostgres, type Postgres } from '../../src/adapters/postgres/client.ts';
import { createPostgresKnowledgeStore } from '../../src/adapters/postgres/knowledge-store.ts';
import { applyMigrations } from '../../src/adapters/postgres/migrate.ts';
import { createMemoryKnowledgeStore } from '../fakes/memory-knowledge-store.ts';
import { startPostgres, type TestServer } from '../fixtures/start-servers.ts';
import { describeKnowledgeStore } from './knowledge-store.contract.ts';

let server: TestServer;
let postgres: Postgres;

beforeAll(async () => {
  server = await startPostgres();
  postgres = createPostgres({ url: server.url, poolSize: 4 });
  await applyMigrations(postgres, { migrationsFolder: 'infra/postgres/migrations' });
});

afterAll(async () => {
  await postgres.close();
  await server.remove();
});

describeKnowledgeStore('memory', async () => createMemoryKnowledgeStore());

describeKnowledgeStore('Postgres', async () => {
  await postgres.run((database) =>
    database.execute(
      sql`truncate knowledge_active, knowledge_versions, knowledge_entries, knowledge_embeddings`,
    ),
  );
  return createPostgresKnowledgeStore(postgres);
});
