import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import postgres, { type Sql } from 'postgres';
import type { Service } from '../../../infra/local/service.ts';
import type { GeminiScript } from '../../gemini-server/script.ts';
import { startTestStack, type TestStack } from '../stack.ts';
import { createTemporaryFolder, removeTemporaryFolder } from '../temporary-folder.ts';
import { type Agent, agentVariables, createAgent } from './agent.ts';
import { type GeminiProcess, startGeminiProcess } from './gemini-process.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

export type DependencyName = 'redis' | 'postgres' | 'chroma' | 'gemini';

/** The whole system, with everything in reach that a fault can be made of. */
export interface FaultSystem extends Omit<TestStack, 'stop'> {
  readonly gemini: GeminiProcess;
  /** On the way from the replicas to each dependency. */
  readonly proxies: Readonly<Record<DependencyName, TcpProxy>>;
  /** How the model answers while nothing is wrong with it. */
  readonly usualScript: GeminiScript;
  /** Straight to the stores, for looking. */
  readonly inspectRedis: Redis;
  readonly inspectPostgres: Sql;
  agentOf(replica: Service): Agent;
  /** The service of a dependency. */
  serviceOf(name: DependencyName): Service;
  stop(): Promise<void>;
}

export interface FaultSystemOptions {
  readonly requestTimeoutSeconds: number;
  readonly env?: Readonly<Record<string, string>>;
}

const restartDelayMs = 500;
/** An answer takes about 0.8 s, as a quick model's does. */
const usualScript: GeminiScript = { latencyMs: 400, chunks: 4, chunkDelayMs: 100 };

export async function startFaultSystem(options: FaultSystemOptions): Promise<FaultSystem> {
  const folder = createTemporaryFolder();
  const gemini = await startGeminiProcess(`${folder}/gemini.log`);
  const proxies: Partial<Record<DependencyName, TcpProxy>> = {};
  const putBetween = async (name: DependencyName, service: Pick<Service, 'url' | 'port'>) => {
    const proxy = await startTcpProxy(service.port);
    proxies[name] = proxy;
    return service.url.replace(`:${service.port}`, `:${proxy.port}`);
  };
  const geminiUrl = await putBetween('gemini', gemini);
  const stack = await startTestStack({
    replicas: 3,
    allowsUncaughtErrors: true,
    geminiUrl,
    addressOf: (store) => putBetween(store.name as DependencyName, store),
    env: {
      LOG_LEVEL: 'info',
      REQUEST_TIMEOUT: String(options.requestTimeoutSeconds),
      ...agentVariables(folder),
      ...options.env,
    },
  });
  await gemini.setScript(usualScript);
  let isStopping = false;
  for (const replica of stack.replicas()) {
    // An orchestrator that never tires, for the suite kills the same replica again and again.
    replica.onUnexpectedExit(
      () => void sleep(restartDelayMs).then(() => (isStopping ? undefined : replica.start())),
    );
  }
  const inspectRedis = new Redis(stack.redis.port, { maxRetriesPerRequest: null });
  inspectRedis.on('error', () => {}); // it goes and comes back with the faults
  const inspectPostgres = postgres(stack.postgres.url, { max: 2, onnotice: () => {} });
  const services = { redis: stack.redis, postgres: stack.postgres, chroma: stack.chroma, gemini };

  return {
    ...stack,
    gemini,
    proxies: proxies as Record<DependencyName, TcpProxy>,
    usualScript,
    inspectRedis,
    inspectPostgres,
    agentOf: (replica) => createAgent(folder, replica.name),
    serviceOf: (name) => services[name],
    async stop() {
      isStopping = true;
      inspectRedis.disconnect();
      await inspectPostgres.end({ timeout: 1 });
      await stack.stop();
      await gemini.stop();
      await Promise.all(Object.values(proxies).map((proxy) => proxy.close()));
      removeTemporaryFolder(folder);
    },
  };
}
