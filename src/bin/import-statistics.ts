import { parseArgs } from 'node:util';
import { createPostgres } from '../adapters/postgres/client.ts';
import { createPostgresStatisticsStore } from '../adapters/postgres/statistics-store.ts';
import { openSqliteFile } from '../adapters/sqlite/sqlite-file.ts';
import { createAudienceWords } from '../domain/knowledge/parse-audience.ts';
import { createVocabulary } from '../domain/language/vocabulary.ts';
import { createAnonymizer } from '../domain/statistics/anonymizer.ts';
import { importStatistics } from '../domain/statistics/import/import-statistics.ts';
import { openInstitution, readCommandConfig } from './environment.ts';
import { createProgressBar } from './progress-bar.ts';

const usage = `Usage: npm run import-statistics -- FILE.db

Takes the statistics of the Python backend (its SQLite database) over. Running it again adds nothing.
Needs DATABASE_URL and ANONYMIZE_SALT, the same as the service has; a stack of npm run up is found by itself.`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { help: { type: 'boolean', default: false } },
});
const [file, ...rest] = positionals;
if (values.help || file === undefined || rest.length > 0) {
  console[values.help ? 'log' : 'error'](usage);
  process.exit(values.help ? 0 : 2);
}

const config = readCommandConfig();
const { salt, anonymize, retentionDays, trackUserSessions, trackQueryAnalytics } = config.statistics;
if (salt === undefined) {
  console.error(`ANONYMIZE_SALT: must be set, to the value that the service has.\n\n${usage}`);
  process.exit(2);
}
const institution = openInstitution(config);
const postgres = createPostgres({
  url: config.postgres.url,
  password: config.postgres.password && (() => config.postgres.password?.read() ?? ''),
  poolSize: 2,
  applicationName: 'tum-chatbot-import',
});
try {
  const source = await openSqliteFile(file);
  const report = await importStatistics({
    source,
    store: createPostgresStatisticsStore(postgres, {
      retentionDays,
      trackUserSessions,
      trackQueryAnalytics,
      minUsersPerQuestion: 1,
    }),
    anonymizer: createAnonymizer({ enabled: anonymize, salt: salt.read() }),
    audienceWords: createAudienceWords(institution),
    detectLanguage: createVocabulary(institution).detectLanguage,
    onProgress: createProgressBar('Importing'),
  });
  source.close();
  for (const [table, count] of Object.entries(report.rows)) console.log(`${table}: ${count} rows read`);
  console.log(`added: ${report.added}`);
  if (report.skipped > 0) console.log(`skipped: ${report.skipped} rows without a time or a question`);
} catch (error) {
  console.error(`The import failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await postgres.close();
}
