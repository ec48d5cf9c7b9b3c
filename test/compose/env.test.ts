import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask } from './ask.ts';
import { type ComposeProject, createComposeProject } from './project.ts';
import { run } from './run.ts';

let project: ComposeProject;
const gemini = { GEMINI_BASE_URL: 'http://gemini:8090' };
const minimal = {
  ENVIRONMENT: 'production',
  GEMINI_API_KEY: 'key-of-the-tests',
  CORS_ORIGINS: 'https://www.example.org',
};

beforeAll(async () => {
  project = await createComposeProject({ env: { ...minimal, ...gemini } });
});
afterAll(async () => {
  await project?.remove();
});

it('says what is missing when there is no Gemini key', async () => {
  project.writeEnv({ ...minimal, GEMINI_API_KEY: '' });
  const { exitCode, stderr } = await project.tryCompose('up', '--detach');
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain('GEMINI_API_KEY is not set');
});

it('finds .env from the root and from compose/', async () => {
  project.writeEnv({ ...minimal, ...gemini });
  const file = join(project.folder, 'compose/docker-compose.yml');
  const config = ['config', '--quiet'];
  await run('docker', ['compose', '--file', file, ...config], { cwd: project.folder });
  await run('docker', ['compose', ...config], { cwd: join(project.folder, 'compose') });
});

it('runs with the minimal .env', async () => {
  project.writeEnv({ ...minimal, ...gemini });
  await project.compose('up', '--detach', '--build', '--wait');
  expect((await ask(project.httpUrl, 'When is the library in Garching open?')).answered_by).toBe('model');
  const closed = await fetch(`${project.httpUrl}/api/statistics`);
  expect(closed.status).toBe(401);
  expect(await project.compose('logs', 'api')).toContain('ADMIN_TOKEN is not set');
});

it('runs with the .env of an operator of old', async () => {
  project.writeEnv({
    ...minimal,
    ...gemini,
    CORS_ORIGINS: 'https://yourdomain.example,https://www.yourdomain.example',
    GEMINI_MODEL: 'gemini-2.5-flash',
    GEMINI_MAX_TOKENS: '4096',
    GEMINI_TEMPERATURE: '0.6',
    SERVER_HOST: '0.0.0.0',
    SERVER_PORT: '5000',
    REQUEST_TIMEOUT: '30',
    ENABLE_RATE_LIMITING: 'True',
    RATE_LIMIT_REQUESTS: '200',
    RATE_LIMIT_WINDOW: '3600',
    SESSION_TIMEOUT: '3600',
    CONVERSATION_HISTORY_LIMIT: '12',
    MAX_CONTEXT_LENGTH: '4000',
    CHROMA_COLLECTION_NAME: 'tum_qa_collection',
    SEMANTIC_SEARCH_TOP_K: '5',
    KEYWORD_SEARCH_TOP_K: '5',
    HYBRID_SEARCH_TOP_K: '5',
    SIMILARITY_THRESHOLD: '0.3',
    EMBEDDING_MODEL: 'all-MiniLM-L6-v2',
    LOG_LEVEL: 'WARNING',
    LOG_FILE: 'logs/tum_chatbot.log',
    MAX_LOG_SIZE: '5242880  # 5MB',
    LOG_BACKUP_COUNT: '3',
    LOG_CHAT_SESSIONS: 'False',
    CHAT_SESSION_FILE: 'logs/chat_sessions.log',
    ENABLE_STATISTICS: 'True',
    TRACK_USER_SESSIONS: 'True',
    TRACK_QUERY_ANALYTICS: 'True',
    ANONYMIZE_DATA: 'True',
    STATISTICS_RETENTION_DAYS: '90',
    REDIS_URL: 'redis://redis:6379',
  });
  await project.compose('up', '--detach', '--build', '--wait');
  await ask(project.httpUrl, 'When is the library in Weihenstephan open?');
  const files = await project.compose('exec', '-T', 'api', 'ls', 'logs');
  expect(files).toContain('tum_chatbot');
});
