import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from './ports.ts';
import { answersTcp } from './probes.ts';
import { findProgram } from './programs.ts';
import { createService, type Service } from './service.ts';

export interface RedisOptions {
  /** Its append-only file stays here. */
  readonly dataDir: string;
  /** A free one by default. */
  readonly port?: number;
  readonly logFile?: string;
}

/** Redis with the settings of production: AOF each second, and never evicting what was acknowledged. */
export async function startRedis(options: RedisOptions): Promise<Service> {
  const { dataDir, port = await findFreePort() } = options;
  mkdirSync(dataDir, { recursive: true });
  const settings = {
    bind: '127.0.0.1',
    port,
    dir: dataDir,
    daemonize: 'no',
    save: '',
    appendonly: 'yes',
    appendfsync: 'everysec',
    maxmemory: '512mb',
    'maxmemory-policy': 'noeviction',
  };
  const service = createService({
    name: 'redis',
    url: `redis://127.0.0.1:${port}`,
    port,
    logFile: options.logFile ?? join(dataDir, 'redis.log'),
    program: findProgram('redis-server'),
    programArguments: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    env: { PATH: process.env.PATH, TZ: 'UTC' },
    isReady: () => answersTcp(port, 'PING\r\n', '+PONG'),
  });
  await service.start();
  return service;
}
