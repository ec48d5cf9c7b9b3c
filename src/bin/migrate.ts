import { createPostgres } from '../adapters/postgres/client.ts';
import { applyMigrations } from '../adapters/postgres/migrate.ts';
import { isDependencyError } from '../domain/errors.ts';
import { readCommandConfig, rootPath } from './environment.ts';

const { url, password } = readCommandConfig().postgres;
const postgres = createPostgres({
  url,
  password: password && (() => password.read()),
  poolSize: 1,
  applicationName: 'tum-chatbot-migrate',
});

try {
  const { applied, total } = await applyMigrations(postgres, {
    migrationsFolder: rootPath('infra/postgres/migrations'),
  });
  console.log(`Schema is up to date: ${applied} of ${total} migrations applied now`);
} catch (error) {
  console.error(isDependencyError(error) ? error.message : error);
  process.exitCode = 1;
} finally {
  await postgres.close();
}
