import { join } from 'node:path';
import { startChroma } from './chroma.ts';
import { runOperatorCommand } from './operator-command.ts';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import { allOrFailure, createServiceGroup, type Service } from './service.ts';

/** A step that takes long says how far it is through `report`. */
export type RunStep = <Result>(
  label: string,
  run: (report?: (line: string) => void) => Promise<Result>,
) => Promise<Result>;

export interface StoreOptions {
  /** All data and logs. What is there from an earlier run goes on. */
  readonly dataDir: string;
  readonly postgresPassword: string;
  /** False skips Postgres' fsync: quicker, and safe against all but the death of the machine. */
  readonly durable: boolean;
  /** The service's settings; the addresses of the stores are added. */
  readonly variables: Readonly<Record<string, string>>;
  /** What an empty store is filled with; nothing when undefined. */
  readonly knowledgeBasePath: string | undefined;
  /** URL at which the service reaches a store; the store's own by default. */
  readonly addressOf?: ((store: Service) => Promise<string>) | undefined;
  /** Runs a step of the start, and may tell about it. */
  readonly step?: RunStep;
}

export interface Stores {
  readonly redis: Service;
  readonly postgres: Service;
  readonly chroma: Service;
  /** The settings with the stores' addresses: what replicas and commands of operators need. */
  readonly variables: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export const silentStep: RunStep = (_, run) => run();

export const logFileIn = (dataDir: string, name: string) => join(dataDir, 'logs', `${name}.log`);

/** Redis, Postgres with the current schema, and Chroma. What was started is stopped again if the start fails. */
export async function startStores(options: StoreOptions): Promise<Stores> {
  const { dataDir, knowledgeBasePath, addressOf = async ({ url }) => url, step = silentStep } = options;
  const logFile = (name: string) => logFileIn(dataDir, name);
  const group = createServiceGroup();
  try {
    const [redis, postgres, chroma] = await step('Redis, Postgres and Chroma', () =>
      allOrFailure([
        group.keep(startRedis({ dataDir: join(dataDir, 'redis'), logFile: logFile('redis') })),
        group.keep(
          startPostgres({
            dataDir: join(dataDir, 'postgres'),
            logFile: logFile('postgres'),
            password: options.postgresPassword,
            durable: options.durable,
          }),
        ),
        group.keep(startChroma({ dataDir: join(dataDir, 'chroma'), logFile: logFile('chroma') })),
      ]),
    );
    const variables = {
      ...options.variables,
      REDIS_URL: await addressOf(redis),
      DATABASE_URL: await addressOf(postgres),
      CHROMA_URL: await addressOf(chroma),
    };
    await step('Database schema', () =>
      runOperatorCommand({ name: 'migrate', variables, logFile: logFile('migrate') }),
    );
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
    return { redis, postgres, chroma, variables, stop: group.stop };
  } catch (error) {
    await group.stop();
    throw error;
  }
}
