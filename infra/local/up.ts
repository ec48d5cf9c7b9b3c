import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseConfig } from '../../src/config.ts';
import { ensureBuild } from './build.mjs';
import { isPortFree } from './ports.ts';
import { removePostgresData } from './postgres.ts';
import { installPrograms } from './programs.ts';
import { projectPath } from './project-root.ts';
import { takeRunLock } from './run-lock.ts';
import { ensureSecrets } from './secrets.ts';
import { listRunningServices } from './service.ts';
import { readSettings } from './settings.ts';
import { type Stack, startStack } from './stack.ts';
import { supervise } from './supervise.ts';

const httpPort = 8080;
const httpsPort = 8443;
/** Aborted by the first signal. */
const stopping = new AbortController();

/** Starts the whole system and keeps it running until a signal comes. */
export async function up(): Promise<void> {
  process.chdir(projectPath('.'));
  try {
    await start();
  } catch (error) {
    // What is stopped in the middle of its start fails, and is not the user's concern.
    if (!stopping.signal.aborted) fail(error instanceof Error ? error.message : String(error));
  }
}

async function start() {
  const startedAtMs = Date.now();
  const { replicas, fresh } = readArguments();
  mkdirSync('.local', { recursive: true });
  chmodSync('.local', 0o711); // passable for the user that Postgres runs as
  const lock = await takeRunLock('.local/up.sock');
  if (!lock.taken) {
    return fail(
      `npm run up runs here already (process ${lock.pid ?? 'unknown'}). Stop it with Ctrl-C in its terminal, or use it: https://localhost:${httpsPort}`,
    );
  }
  await requireFreePorts();
  if (fresh) removeData();
  const secrets = ensureSecrets('.local/secrets.json');
  const settings = {
    ENVIRONMENT: 'development',
    ADMIN_TOKEN: secrets.adminToken,
    ANONYMIZE_SALT: secrets.anonymizeSalt,
    CHAT_SESSION_FILE: projectPath('.local/logs/chat_sessions.log'),
    KNOWLEDGE_BASE_PATH: 'infra/knowledge',
    ...readSettings(process.env, '.env'),
  };
  const config = parseConfig(settings);

  let stack: Stack | undefined;
  stopOnSignals(() => stack);
  await step('Servers that npm does not have', async () =>
    installPrograms(['redis-server', 'nginx'], (line) => console.log(`    ${line}`)),
  );
  await step('Build', ensureBuild);
  process.umask(0o077); // data, logs and secrets are for their owner alone
  stack = await startStack({
    dataDir: projectPath('.local'),
    replicas,
    httpPort,
    httpsPort,
    postgresPassword: secrets.postgresPassword,
    durable: true,
    variables: settings,
    requestTimeoutSeconds: config.server.requestTimeoutMs / 1000,
    trustedProxies: config.proxy.trustedProxies,
    adminNetworks: config.proxy.adminNetworks,
    knowledgeBasePath: settings.KNOWLEDGE_BASE_PATH,
    step,
  });
  const services = [stack.redis, stack.postgres, stack.chroma, stack.nginx, ...stack.replicas()];
  for (const service of services) supervise(service, (line) => console.log(line), stopping.signal);
  writeStackFile(stack);
  printAddresses(stack, settings.ADMIN_TOKEN, Date.now() - startedAtMs);
}

function readArguments() {
  const { values } = parseArgs({
    options: { replicas: { type: 'string', default: '3' }, fresh: { type: 'boolean', default: false } },
  });
  const replicas = Number(values.replicas);
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > 32) {
    throw new Error(`--replicas ${values.replicas}: must be a whole number from 1 to 32`);
  }
  return { replicas, fresh: values.fresh };
}

async function requireFreePorts() {
  for (const port of [httpPort, httpsPort]) {
    if (await isPortFree(port)) continue;
    throw new Error(
      `Port ${port} of 127.0.0.1 is taken by another program. Stop that one first; to see which it is: lsof -i :${port}`,
    );
  }
}

function removeData() {
  removePostgresData('.local/postgres');
  for (const path of ['redis', 'chroma', 'logs', 'nginx', 'secrets.json']) {
    rmSync(`.local/${path}`, { recursive: true, force: true });
  }
}

async function step<Result>(label: string, run: () => Promise<Result>): Promise<Result> {
  const beganAtMs = Date.now();
  console.log(`  ${label} ...`);
  const result = await run();
  console.log(`  ${label}: ${seconds(Date.now() - beganAtMs)}`);
  return result;
}

const seconds = (durationMs: number) => `${(durationMs / 1000).toFixed(1)} s`;

/** Where things are, for `npm run ingest` and other commands beside the running stack. It holds secrets. */
const stackFile = '.local/stack.json';

function writeStackFile({ variables, nginx, replicas }: Stack) {
  const content = {
    pid: process.pid,
    url: nginx.url,
    replicas: replicas().map(({ name, url }) => ({ name, url })),
    env: variables,
  };
  writeFileSync(stackFile, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
}

function printAddresses(stack: Stack, adminToken: string, tookMs: number) {
  const rows = [
    ['Chat page', `https://localhost:${httpsPort}/  (or http://localhost:${httpPort}/)`],
    ['API', `http://localhost:${httpPort}/docs`],
    ['Health', `http://localhost:${httpPort}/api/health`],
    ...[...stack.replicas(), stack.redis, stack.postgres, stack.chroma].map(({ name, url }) => [
      name,
      url.replace(/:[^:@/]+@/, ':...@'),
    ]),
    ['Admin token', adminToken],
    ['Logs', '.local/logs/, .local/nginx/logs/'],
  ];
  console.log(`\nReady after ${seconds(tookMs)}. The certificate is self-signed.\n`);
  for (const [name = '', value] of rows) console.log(`  ${name.padEnd(12)} ${value}`);
  console.log(`
Try it:

  curl http://localhost:${httpPort}/api/chat -H 'Content-Type: application/json' \\
    -d '{"message": "When is the library open?"}'

Ctrl-C stops everything; the data stays in .local/ for the next time.`);
}

/** The first signal stops everything in order, the second at once. */
function stopOnSignals(runningStack: () => Stack | undefined) {
  process.stdout.on('error', () => {}); // the terminal was closed
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stopping.signal.aborted) void endNow();
      else {
        stopping.abort();
        console.log('\nStopping ... (once more to stop at once)');
        void endInOrder(runningStack());
      }
    });
  }
}

async function endInOrder(stack: Stack | undefined) {
  rmSync(stackFile, { force: true });
  if (stack) await stack.stop();
  else await Promise.all(listRunningServices().map((service) => service.stop())); // still starting
  console.log('Stopped.');
  process.exit(0);
}

async function endNow() {
  await Promise.all(listRunningServices().map((service) => service.kill()));
  process.exit(1);
}

function fail(message: string): never {
  console.error(`\n${message}`);
  process.exit(1);
}
