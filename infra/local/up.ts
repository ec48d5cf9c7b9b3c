import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseConfig } from '../../src/config/parse-config.ts';
import { ensureBuild } from './build.mjs';
import { isPortFree } from './ports.ts';
import { removePostgresData } from './postgres.ts';
import { installPrograms } from './programs.ts';
import { projectPath } from './project-root.ts';
import { takeRunLock } from './run-lock.ts';
import { ensureSecrets } from './secrets.ts';
import { listRunningServices } from './service.ts';
import { findReadableByOthers, readSettings } from './settings.ts';
import { type Stack, startStack } from './stack.ts';
import type { RunStep } from './stores.ts';
import { supervise } from './supervise.ts';

const usage = `Usage: npm run up -- [--replicas N] [--fresh] [--http-port N] [--https-port N]

  --replicas N     how many replicas answer (3)
  --fresh          start with empty stores; without it the data of the last time goes on
  --http-port N    plain HTTP, for this machine only (8080)
  --https-port N   HTTPS, for this machine only (8443)`;

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
  const { replicas, fresh, httpPort, httpsPort } = readArguments();
  mkdirSync('.local', { recursive: true });
  chmodSync('.local', 0o711); // passable for the user that Postgres runs as
  const lock = await takeRunLock('.local/up.sock');
  if (!lock.taken) {
    return fail(
      `npm run up runs here already (process ${lock.pid ?? 'unknown'}). Stop it there with Ctrl-C, or go on using it.`,
    );
  }
  await requireFreePorts([httpPort, httpsPort]);
  if (fresh) removeData();
  const secrets = ensureSecrets('.local/secrets.json');
  const settings = withDefaults(readSettings(process.env, '.env'), {
    ENVIRONMENT: 'development',
    ADMIN_TOKEN: secrets.adminToken,
    ANONYMIZE_SALT: secrets.anonymizeSalt,
    PROXY_SECRET: secrets.proxySecret,
    CHAT_SESSION_FILE: projectPath('.local/logs/chat_sessions.log'),
  });
  const config = parseConfig(settings);
  const warning = findReadableByOthers('.env');
  if (warning !== undefined) console.warn(warning);

  let stack: Stack | undefined;
  stopOnSignals(() => stack);
  await step('Servers that npm does not have', async (report) =>
    installPrograms(['redis-server', 'nginx'], report),
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
    serverNames: config.proxy.serverNames,
    proxySecret: config.proxy.secrets()[0],
    readsPerSecond: config.proxy.readsPerSecond,
    maxLogBytes: config.logging.maxFileBytes,
    logBackupCount: config.logging.backupCount,
    knowledgeBasePath: config.knowledge.path,
    step,
  });
  const running = stack;
  for (const service of servicesOf(stack)) {
    supervise(service, {
      signal: stopping.signal,
      report: console.log,
      onBack: () => writeStackFile(running),
    });
  }
  writeStackFile(stack);
  if (config.proxy.serverNames.length === 0)
    console.log('\nSERVER_NAMES is not set: requests for every host are answered.');
  printAddresses(stack, config.server.adminTokens()[0] ?? '', Date.now() - startedAtMs);
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      replicas: { type: 'string', default: '3' },
      fresh: { type: 'boolean', default: false },
      'http-port': { type: 'string', default: '8080' },
      'https-port': { type: 'string', default: '8443' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  const number = (name: 'replicas' | 'http-port' | 'https-port', maximum: number) => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= 1 && value <= maximum) return value;
    throw new Error(`--${name} ${values[name]}: must be a whole number from 1 to ${maximum}\n\n${usage}`);
  };
  return {
    replicas: number('replicas', 32),
    fresh: values.fresh,
    httpPort: number('http-port', 65_535),
    httpsPort: number('https-port', 65_535),
  };
}

async function requireFreePorts(ports: readonly number[]) {
  for (const port of ports) {
    if (await isPortFree(port)) continue;
    throw new Error(
      `Port ${port} of 127.0.0.1 is taken by another program. Stop that one, or choose other ports:
  npm run up -- --http-port 8081 --https-port 8444`,
    );
  }
}

/** A default gives way to NAME_FILE, too. */
function withDefaults(
  settings: Readonly<Record<string, string>>,
  defaults: Readonly<Record<string, string>>,
) {
  const open = Object.entries(defaults).filter(([name]) => settings[`${name}_FILE`] === undefined);
  return { ...Object.fromEntries(open), ...settings };
}

function removeData() {
  removePostgresData('.local/postgres');
  for (const path of ['redis', 'chroma', 'logs', 'nginx', 'secrets.json']) {
    rmSync(`.local/${path}`, { recursive: true, force: true });
  }
}

const step: RunStep = async (label, run) => {
  const beganAtMs = Date.now();
  console.log(`  ${label} ...`);
  const result = await run((line) => console.log(`    ${line}`));
  console.log(`  ${label}: ${seconds(Date.now() - beganAtMs)}`);
  return result;
};

const seconds = (durationMs: number) => `${(durationMs / 1000).toFixed(1)} s`;

const servicesOf = ({ redis, postgres, chroma, nginx, replicas }: Stack) => [
  ...replicas(),
  redis,
  postgres,
  chroma,
  nginx,
];

/** Where things are, for `npm run ingest` and other commands beside the running stack. It holds secrets. */
const stackFile = '.local/stack.json';

function writeStackFile(stack: Stack) {
  const content = {
    pid: process.pid,
    url: stack.nginx.url,
    services: servicesOf(stack).map(({ name, url, pid }) => ({ name, url, pid: pid() })),
    env: stack.variables,
  };
  writeFileSync(stackFile, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
}

function printAddresses(stack: Stack, adminToken: string, tookMs: number) {
  const plainUrl = `http://localhost:${stack.nginx.port}`;
  const rows = [
    ['Chat page', `${stack.nginx.httpsUrl}/  (or ${plainUrl}/)`],
    ['API', `${plainUrl}/docs`],
    ['Health', `${plainUrl}/api/health`],
    ...servicesOf(stack).map(({ name, url }) => [name, url.replace(/:[^:@/]+@/, ':...@')]),
    ['Admin token', adminToken],
    ['Logs', '.local/logs/, .local/nginx/logs/'],
  ];
  console.log(`\nReady after ${seconds(tookMs)}. The certificate is self-signed.\n`);
  for (const [name = '', value] of rows) console.log(`  ${name.padEnd(12)} ${value}`);
  console.log(`
Try it:

  curl ${plainUrl}/api/chat -H 'Content-Type: application/json' \\
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
