import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureCertificate } from '../../infra/local/certificate.ts';
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

/** As an operator would in the checkout: nothing but .env says what to start. */
const plain = (...composeArguments: string[]) =>
  run('docker', ['compose', ...composeArguments], {
    cwd: project.folder,
    env: { COMPOSE_PROJECT_NAME: project.name, COMPOSE_BAKE: 'false', COMPOSE_PROGRESS: 'plain' },
  });

it('finds .env and the whole system from the root and from compose/', async () => {
  project.writeEnv({ ...minimal, ...gemini });
  const file = join(project.folder, 'compose/docker-compose.yml');
  const config = ['config', '--hash', '*'];
  const hashes = await plain(...config);
  expect(hashes).toContain('nginx');
  expect(await plain('--file', file, ...config)).toBe(hashes);
  expect(await run('docker', ['compose', ...config], { cwd: join(project.folder, 'compose') })).toBe(hashes);
  expect(await run('docker', ['compose', 'config'], { cwd: project.folder })).toMatch(/^name: tum-chatbot$/m);
});

it('takes a certificate from an absolute path and knowledge from one in the checkout', async () => {
  project.writeEnv({ ...minimal, CERTIFICATE_FOLDER: '/etc/tum-chatbot', KNOWLEDGE_BASE_PATH: 'my/entries' });
  const { services } = JSON.parse(await plain('config', '--format', 'json')) as Config;
  expect(services.nginx.volumes).toContainEqual(
    expect.objectContaining({ type: 'bind', source: '/etc/tum-chatbot', target: '/run/certificate' }),
  );
  expect(services.ingest.volumes).toContainEqual(
    expect.objectContaining({ source: join(project.folder, 'my/entries'), target: '/app/my/entries' }),
  );
});
interface Config {
  readonly services: Record<'nginx' | 'ingest', { readonly volumes: readonly object[] }>;
}

it('runs with the minimal .env, without COMPOSE_FILE', async () => {
  project.writeEnv({ ...minimal, ...gemini });
  // The Gemini-compatible server is what only the test adds.
  const server = readFileSync(join(project.folder, 'test/compose/gemini.yml'), 'utf8');
  writeFileSync(join(project.folder, 'compose.override.yaml'), server.replaceAll('..', '.'));
  await plain('up', '--detach', '--build', '--wait');
  expect((await ask(project.httpUrl, 'When is the library in Garching open?')).answered_by).toBe('model');
  expect((await fetch(`${project.httpUrl}/api/statistics`)).status).toBe(401);
  expect(await plain('logs', 'api')).toContain('ADMIN_TOKEN is not set');
});

it('keeps secrets that only a script knows of over the next up', async () => {
  const rotate = (name: string, input: string, overlapSeconds = '1') =>
    run(join(project.folder, 'infra/operations/rotate-secret.sh'), [name, '--stdin'], {
      env: { COMPOSE_PROJECT_NAME: project.name, ROTATION_OVERLAP: overlapSeconds },
      input,
    });
  const envFile = join(project.folder, '.env');
  if (process.getuid?.() === 0) chownSync(envFile, 1234, 1234);
  const { uid, mode } = statSync(envFile);
  await rotate('ADMIN_TOKEN', 'a-token-of-the-tests');
  expect(statSync(envFile)).toMatchObject({ uid, mode });
  await rotate('CLIENT_API_KEYS', 'first-client-of-tests,second-client-of-tests');
  const adding = rotate('CLIENT_API_KEYS', 'third-client-of-the-tests,second-client-of-tests', '4');
  const readKeys = () => plain('exec', '-T', 'api', 'cat', '/run/secrets/service/client-api-keys');
  await expect
    .poll(readKeys, { timeout: 10_000 })
    .toBe('third-client-of-the-tests,second-client-of-tests,first-client-of-tests');
  await adding;
  // As a .env that says nothing of them.
  project.writeEnv({ ...minimal, ...gemini });
  await plain('up', '--detach', '--wait', '--scale', 'api=2', '--force-recreate', 'api');
  for (const replica of ['1', '2']) {
    const status = (path: string, token: string) =>
      plain(
        ...['exec', '-T', '--index', replica, 'api', 'node', '-e'],
        `fetch('http://127.0.0.1:8080${path}', { headers: { Authorization: 'Bearer ${token}' } })
          .then((reply) => console.log(reply.status))`,
      );
    expect(await status('/api/statistics', 'a-token-of-the-tests')).toBe('200\n');
    expect(await status('/v1/models', 'second-client-of-tests')).toBe('200\n');
    expect(await status('/v1/models', 'nobody')).toBe('401\n');
  }
});

it('runs with the .env of an operator of old, and puts a new certificate into CERTIFICATE_FOLDER', async () => {
  const [folder, newFolder] = [join(project.folder, 'certs'), join(project.folder, 'certs/new')];
  mkdirSync(newFolder, { recursive: true });
  const first = await ensureCertificate(folder);
  const second = await ensureCertificate(newFolder);
  cpSync(first.certificateFile, join(folder, 'tls.crt'));
  cpSync(first.keyFile, join(folder, 'tls.key'));
  for (const file of ['tls.crt', 'tls.key']) chmodSync(join(folder, file), 0o644);
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
    CERTIFICATE_FOLDER: folder,
  });
  await project.compose('up', '--detach', '--build', '--wait');
  await ask(project.httpUrl, 'When is the library in Weihenstephan open?');
  const files = await project.compose('exec', '-T', 'api', 'ls', 'logs');
  expect(files).toContain('tum_chatbot');

  const script = join(project.folder, 'infra/operations/rotate-secret.sh');
  const names = [second.certificateFile, second.keyFile].map((path) => basename(path));
  await run(script, ['certificate', ...names], {
    cwd: newFolder,
    env: { COMPOSE_PROJECT_NAME: project.name },
  });
  expect(readFileSync(join(folder, 'tls.crt'), 'utf8')).toBe(readFileSync(second.certificateFile, 'utf8'));
});
