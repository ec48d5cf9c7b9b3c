import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureCertificate } from './certificate.ts';
import { type Nginx, startNginx } from './nginx.ts';
import { findFreePort } from './ports.ts';
import { type Replica, startReplica } from './replica.ts';
import { allOrFailure, createServiceGroup, type Service } from './service.ts';
import { logFileIn, type StoreOptions, type Stores, silentStep, startStores } from './stores.ts';

export interface StackOptions extends StoreOptions {
  readonly replicas: number;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Of the settings, what nginx needs as well. */
  readonly requestTimeoutSeconds: number;
  readonly trustedProxies: readonly string[];
  readonly adminNetworks: readonly string[];
  readonly serverNames?: readonly string[];
  readonly proxySecret?: string | undefined;
  readonly readsPerSecond?: number;
  readonly maxLogBytes?: number;
  readonly logBackupCount?: number;
}

export interface Stack extends Stores {
  readonly nginx: Nginx;
  /** Those that take requests now. */
  replicas(): readonly Replica[];
  /**
   * Changes how many replicas there are, as an operator does: new ones take requests once they are ready, surplus ones
   * get no more before they are asked to stop.
   */
  scale(count: number): Promise<void>;
  /** Stops everything: nginx takes nothing new while the replicas finish, then the stores go. */
  stop(): Promise<void>;
}

/** The whole system with real servers on loopback. What was started is stopped again if the start fails. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { dataDir, step = silentStep, requestTimeoutSeconds } = options;
  mkdirSync(dataDir, { recursive: true });
  const stores = await startStores(options);
  const front = createServiceGroup();
  const stop = async () => {
    await front.stop();
    await stores.stop();
  };

  let replicasMade = 0;
  const startNextReplica = async () => {
    const replicaId = `replica-${++replicasMade}`;
    return front.keep(
      startReplica({
        replicaId,
        port: await findFreePort(),
        metricsPort: await findFreePort(),
        logFile: logFileIn(dataDir, replicaId),
        variables: stores.variables,
        requestTimeoutSeconds,
      }),
    );
  };
  const startReplicas = (count: number) => allOrFailure(Array.from({ length: count }, startNextReplica));

  try {
    let replicas = await step(`Replicas (${options.replicas})`, () => startReplicas(options.replicas));
    const nginx = await step('nginx', async () =>
      front.keep(
        startNginx({
          ...options,
          dataDir: join(dataDir, 'nginx'),
          replicaPorts: portsOf(replicas),
          certificate: await ensureCertificate(join(dataDir, 'certificate')),
        }),
      ),
    );
    return {
      ...stores,
      nginx,
      replicas: () => replicas,
      async scale(count) {
        const added = await startReplicas(Math.max(0, count - replicas.length));
        const surplus = replicas.slice(count);
        replicas = [...replicas.slice(0, count), ...added];
        await nginx.setReplicaPorts(portsOf(replicas));
        await Promise.all(surplus.map((replica) => replica.stop()));
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const portsOf = (services: readonly Service[]) => services.map(({ port }) => port);
