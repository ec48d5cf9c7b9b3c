import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureCertificate } from './certificate.ts';
import { startChroma } from './chroma.ts';
import { type Nginx, startNginx } from './nginx.ts';
import { runOperatorCommand } from './operator-command.ts';
import { findFreePort } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import { startReplica } from './replica.ts';
import type { Service } from './service.ts';

/** A step that takes long says how far it is through `report`. */
export type RunStep = <Result>(
  label: string,
  run: (report?: (line: string) => void) => Promise<Result>,
) => Promise<Result>;

export interface StackOptions {
  /** All data, logs and the certificate. What is there from an earlier run goes on. */
  readonly dataDir: string;
  readonly replicas: number;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly postgresPassword: string;
  /** False skips Postgres' fsync: quicker, and safe against all but the death of the machine. */
  readonly durable: boolean;
  /** The service's settings; the addresses of the stores are added. */
  readonly variables: Readonly<Record<string, string>>;
  /** Of the settings, what nginx needs as well. */
  readonly requestTimeoutSeconds: number;
  readonly trustedProxies: readonly string[];
  readonly adminNetworks: readonly string[];
  /** What an empty store is filled with; nothing when undefined. */
  readonly knowledgeBasePath: string | undefined;
  /** Runs a step of the start, and may tell about it. */
  readonly step?: RunStep;
}

export interface Stack {
  readonly redis: Service;
  readonly postgres: Service;
  readonly chroma: Service;
  readonly nginx: Nginx;
  /** Those that take requests now. */
  replicas(): readonly Service[];
  /** What the replicas were given, addresses of the stores included: commands of operators need the same. */
  readonly variables: Readonly<Record<string, string>>;
  /**
   * Changes how many replicas there are, as an operator does: new ones take requests once they are ready, surplus ones
   * get no more before they are asked to stop.
   */
  scale(count: number): Promise<void>;
  /** Stops everything, the stores last. */
  stop(): Promise<void>;
}

/** The whole system with real servers on loopback. What was started is stopped again if the start fails. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { dataDir, step = (_, run) => run() } = options;
  mkdirSync(dataDir, { recursive: true });
  const started: Service[] = [];
  const keep = async <T extends Service>(starting: Promise<T>): Promise<T> => {
    const service = await starting;
    started.push(service);
    return service;
  };
  const logFile = (name: string) => join(dataDir, 'logs', `${name}.log`);

  try {
    const [redis, postgres, chroma] = await step('Redis, Postgres and Chroma', () =>
      allOrFailure([
        keep(startRedis({ dataDir: join(dataDir, 'redis'), logFile: logFile('redis') })),
        keep(
          startPostgres({
            dataDir: join(dataDir, 'postgres'),
            logFile: logFile('postgres'),
            password: options.postgresPassword,
            durable: options.durable,
          }),
        ),
        keep(startChroma({ dataDir: join(dataDir, 'chroma'), logFile: logFile('chroma') })),
      ]),
    );
    const variables = {
      ...options.variables,
      REDIS_URL: redis.url,
      DATABASE_URL: postgres.url,
      CHROMA_URL: chroma.url,
    };
    await step('Database schema', () =>
      runOperatorCommand({ name: 'migrate', variables, logFile: logFile('migrate') }),
    );
    const { knowledgeBasePath } = options;
    if (knowledgeBasePath !== undefined) {
      await step('Knowledge base', (report) =>
        runOperatorCommand({
          name: 'ingest',
          commandArguments: [knowledgeBasePath, '--if-empty'],
          variables,
          logFile: logFile('ingest'),
          report,
        }),
      );
    }

    let replicasMade = 0;
    const startNextReplica = async () => {
      const replicaId = `replica-${++replicasMade}`;
      return keep(
        startReplica({
          replicaId,
          port: await findFreePort(),
          logFile: logFile(replicaId),
          variables,
          requestTimeoutSeconds: options.requestTimeoutSeconds,
        }),
      );
    };
    const startReplicas = (count: number) => allOrFailure(Array.from({ length: count }, startNextReplica));

    let replicas = await step(`${options.replicas} replicas`, () => startReplicas(options.replicas));
    const portsOf = (services: readonly Service[]) => services.map(({ port }) => port);
    const nginx = await step('nginx', async () =>
      keep(
        startNginx({
          dataDir: join(dataDir, 'nginx'),
          httpPort: options.httpPort,
          httpsPort: options.httpsPort,
          replicaPorts: portsOf(replicas),
          certificate: await ensureCertificate(join(dataDir, 'certificate')),
          requestTimeoutSeconds: options.requestTimeoutSeconds,
          trustedProxies: options.trustedProxies,
          adminNetworks: options.adminNetworks,
        }),
      ),
    );

    return {
      redis,
      postgres,
      chroma,
      nginx,
      replicas: () => replicas,
      variables,
      async scale(count) {
        const added = await startReplicas(Math.max(0, count - replicas.length));
        const surplus = replicas.slice(count);
        replicas = [...replicas.slice(0, count), ...added];
        await nginx.setReplicaPorts(portsOf(replicas));
        await stopAll(surplus);
      },
      stop: () => stopInOrder(started),
    };
  } catch (error) {
    await stopInOrder(started);
    throw error;
  }
}

/** Like Promise.all, but a failure is told only when nothing is under way any more. */
async function allOrFailure<const T extends readonly Promise<unknown>[]>(promises: T) {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

const storeNames = ['redis', 'postgres', 'chroma'];

/** nginx takes nothing new while the replicas finish; then the stores can go. */
async function stopInOrder(services: readonly Service[]): Promise<void> {
  await stopAll(services.filter(({ name }) => !storeNames.includes(name)));
  await stopAll(services.filter(({ name }) => storeNames.includes(name)));
}

const stopAll = async (services: readonly Service[]) => {
  await Promise.all(services.map((service) => service.stop()));
};
