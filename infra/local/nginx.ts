import { existsSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasIpv6Loopback } from './ports.ts';
import { answersHttp } from './probes.ts';
import { listProcessTree } from './process-tree.mjs';
import { findProgram } from './programs.ts';
import { projectPath } from './project-root.ts';
import { createService, describeLog, type Service } from './service.ts';

export interface NginxOptions {
  /** nginx.conf is linked and its site/ written here; logs stay here. */
  readonly dataDir: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** A third port, which only leads to HTTPS. */
  readonly redirectPort?: number;
  readonly replicaPorts: readonly number[];
  readonly certificate: { readonly certificateFile: string; readonly keyFile: string };
  readonly requestTimeoutSeconds: number;
  readonly trustedProxies: readonly string[];
  readonly adminNetworks: readonly string[];
  /** The hosts that are answered beside loopback; empty: all. */
  readonly serverNames?: readonly string[];
  /** Proves to replicas that what is said of the client comes from here. */
  readonly proxySecret?: string | undefined;
  /** Reads that an address may make. */
  readonly readsPerSecond?: number;
  /** Logs are rotated beyond this size; so many older ones are kept. */
  readonly maxLogBytes?: number;
  readonly logBackupCount?: number;
}

export interface Nginx extends Service {
  readonly httpsUrl: string;
  /**
   * Resolves once new requests go to these replicas; requests in flight finish where they are. Connections that
   * clients keep open without a request are closed, as nginx does before 1.27.4 (keepalive_min_timeout).
   */
  setReplicaPorts(ports: readonly number[]): Promise<void>;
  /** From now on replicas are told this one. */
  setProxySecret(secret: string): Promise<void>;
  /** Puts logs aside that have grown too large; happens by itself every minute. */
  rotateLogs(): void;
}

/** nginx with the project's nginx.conf, on loopback. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const { dataDir, httpPort, httpsPort } = options;
  const site = join(dataDir, 'site');
  mkdirSync(site, { recursive: true });
  for (const folder of ['logs', 'temporary', 'acme']) mkdirSync(join(dataDir, folder), { recursive: true });
  const configuration = join(dataDir, 'nginx.conf');
  rmSync(configuration, { force: true });
  symlinkSync(projectPath('nginx.conf'), configuration);
  const addresses = (await hasIpv6Loopback()) ? ['127.0.0.1', '[::1]'] : ['127.0.0.1'];
  const files = {
    ...describeSite(options, addresses),
    'upstream.conf': describeUpstream(options.replicaPorts),
  };
  for (const [name, lines] of Object.entries(files)) writeLines(join(site, name), lines);
  writeSecret(join(site, 'proxy-secret.conf'), describeProxySecret(options.proxySecret ?? ''));

  const url = `http://127.0.0.1:${httpPort}`;
  const service = createService({
    name: 'nginx',
    url,
    port: httpPort,
    logFile: join(dataDir, 'logs/error.log'),
    program: findProgram('nginx'),
    // Both names are relative to the prefix. Without -e, nginx begins with the log file of its package.
    programArguments: ['-p', `${dataDir}/`, '-e', 'logs/error.log', '-c', 'nginx.conf', '-g', 'daemon off;'],
    env: { PATH: process.env.PATH },
    isReady: () => answersItself(url),
    stopSignal: 'SIGQUIT', // finishes what is in flight
    stopTimeoutMs: (options.requestTimeoutSeconds + 15) * 1000,
  });
  const logFiles = ['logs/access.log', 'logs/error.log'].map((name) => join(dataDir, name));
  const { maxLogBytes = 10_485_760, logBackupCount = 5 } = options;
  const rotateLogs = () => {
    const moved = logFiles.filter((file) => rotateFile(file, maxLogBytes, logBackupCount));
    if (moved.length > 0) service.signal('SIGUSR1'); // opens them anew
  };
  await service.start();
  setInterval(rotateLogs, logCheckIntervalMs).unref();
  return {
    ...service,
    rotateLogs,
    async setProxySecret(secret) {
      writeSecret(join(site, 'proxy-secret.conf'), describeProxySecret(secret));
      await reload(service);
    },
    httpsUrl: `https://localhost:${httpsPort}`,
    async setReplicaPorts(ports) {
      writeLines(join(site, 'upstream.conf'), describeUpstream(ports));
      await reload(service);
    },
  };
}

/** nginx lets old workers go 100 ms after it started new ones (ngx_master_process_cycle). */
const workerChangeMs = 200;

async function reload(nginx: Service) {
  const pid = nginx.pid();
  if (pid === undefined) return;
  const before = new Set(listProcessTree(pid));
  nginx.signal('SIGHUP');
  const deadlineAtMs = Date.now() + 10_000;
  while (listProcessTree(pid).every((worker) => before.has(worker))) {
    if (Date.now() > deadlineAtMs)
      throw new Error(`nginx did not take its new configuration.\n${describeLog(nginx.logFile)}`);
    await sleep(20);
  }
  await sleep(workerChangeMs);
}

const logCheckIntervalMs = 60_000;

/** Whether the file was too large, and is now `FILE.1`; the one before is `FILE.2`, and so on. */
function rotateFile(file: string, maxBytes: number, backupCount: number): boolean {
  const { size } = statSync(file, { throwIfNoEntry: false }) ?? { size: 0 };
  if (size <= maxBytes) return false;
  if (backupCount === 0) {
    rmSync(file);
    return true;
  }
  for (let age = backupCount; age > 1; age--) {
    const younger = `${file}.${age - 1}`;
    if (existsSync(younger)) renameSync(younger, `${file}.${age}`);
  }
  renameSync(file, `${file}.1`);
  return true;
}

/** Any answer will do: it comes from nginx, whatever the replicas are up to. */
const answersItself = (url: string) => answersHttp(`${url}/metrics`).then(() => true);

const writeLines = (path: string, lines: readonly string[]) => writeFileSync(path, `${lines.join('\n')}\n`);

function writeSecret(path: string, lines: readonly string[]) {
  rmSync(path, { force: true });
  writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o600 });
}

/** Empty, it keeps a client's own header from replicas. */
const describeProxySecret = (secret: string) => [`proxy_set_header X-Proxy-Secret "${secret}";`];

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

function describeServerNames(names: readonly string[]): string[] {
  if (names.length === 0) return ['default 1;'];
  return ['default 0;', ...[...new Set([...loopbackNames, ...names])].map((name) => `${name} 1;`)];
}

const defaultReadsPerSecond = 200;
/** Ten seconds of them may come at once. */
const describeReadLimit = (perSecond: number) => [
  `limit_req_zone $limited_reader zone=reads:10m rate=${perSecond}r/s;`,
  `limit_req zone=reads burst=${perSecond * 10} nodelay;`,
];

const describeUpstream = (ports: readonly number[]) =>
  ports.map((port) => `server 127.0.0.1:${port} max_fails=10 fail_timeout=1s;`);

const temporaryFiles = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

function describeSite(
  options: NginxOptions,
  addresses: readonly string[],
): Record<string, readonly string[]> {
  const { httpPort, httpsPort, redirectPort } = options;
  const plainPorts = redirectPort === undefined ? [httpPort] : [httpPort, redirectPort];
  return {
    'main.conf': [
      'pid logs/nginx.pid;',
      'error_log logs/error.log warn;',
      // Started by root, workers would become `nobody`, who cannot get into every checkout.
      ...(process.getuid?.() === 0 ? [`user ${userInfo().username};`] : []),
    ],
    'http.conf': [
      'access_log logs/access.log access;',
      ...temporaryFiles.map((kind) => `${kind}_temp_path temporary/${kind};`),
    ],
    'trusted-proxies.conf': options.trustedProxies.map((network) => `set_real_ip_from ${network};`),
    'admin-networks.conf': options.adminNetworks.map((network) => `${network} 1;`),
    'server-names.conf': describeServerNames(options.serverNames ?? []),
    'read-limit.conf': describeReadLimit(options.readsPerSecond ?? defaultReadsPerSecond),
    'redirect-ports.conf': redirectPort === undefined ? [] : [`${redirectPort} 1;`],
    'server.conf': [
      // nginx before 1.25.1 has no `http2 on`.
      ...addresses.map((address) => `listen ${address}:${httpsPort} ssl http2 backlog=4096;`),
      ...addresses.flatMap((address) => plainPorts.map((port) => `listen ${address}:${port} backlog=4096;`)),
      `ssl_certificate ${options.certificate.certificateFile};`,
      `ssl_certificate_key ${options.certificate.keyFile};`,
      `proxy_next_upstream_timeout ${options.requestTimeoutSeconds + 10}s;`,
      `proxy_read_timeout ${options.requestTimeoutSeconds + 5}s;`,
    ],
  };
}
