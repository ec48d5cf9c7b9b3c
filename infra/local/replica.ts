import { join } from 'node:path';
import { answersHttp } from './probes.ts';
import { projectPath } from './project-root.ts';
import { createService, type Service } from './service.ts';
import { environmentWith } from './settings.ts';

export interface ReplicaOptions {
  readonly replicaId: string;
  readonly port: number;
  readonly metricsPort: number;
  readonly logFile: string;
  /** The service's settings, with the addresses of its stores. */
  readonly variables: Readonly<Record<string, string>>;
  readonly requestTimeoutSeconds: number;
  /** Where its dist is; this project by default. */
  readonly root?: string;
}

export interface Replica extends Service {
  readonly metricsUrl: string;
}

/** One replica of the service, from dist. */
export async function startReplica(options: ReplicaOptions): Promise<Replica> {
  const { replicaId, port, metricsPort, logFile, root = projectPath('.') } = options;
  const url = `http://127.0.0.1:${port}`;
  const service = createService({
    name: replicaId,
    url,
    port,
    logFile,
    program: process.execPath,
    programArguments: ['--enable-source-maps', join(root, 'dist/bin/serve.js')],
    env: environmentWith({
      ...options.variables,
      REPLICA_ID: replicaId,
      SERVER_HOST: '127.0.0.1',
      SERVER_PORT: String(port),
      METRICS_PORT: String(metricsPort),
    }),
    cwd: root,
    isReady: () => answersHttp(`${url}/readyz`),
    startTimeoutMs: 60_000,
    // It finishes what it works on (REQUEST_TIMEOUT + 5 s), then writes what it holds.
    stopTimeoutMs: (options.requestTimeoutSeconds + 15) * 1000,
  });
  await service.start();
  return { ...service, metricsUrl: `http://127.0.0.1:${metricsPort}/metrics` };
}
