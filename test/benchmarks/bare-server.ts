import { join } from 'node:path';
import { findFreePort } from '../../infra/local/ports.ts';
import { answersHttp } from '../../infra/local/probes.ts';
import { projectPath } from '../../infra/local/project-root.ts';
import { createService, type Service } from '../../infra/local/service.ts';

export async function startBareServer(dataDir: string, number: number): Promise<Service> {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const service = createService({
    name: `bare-${number}`,
    url,
    port,
    logFile: join(dataDir, 'logs', `bare-${number}.log`),
    program: process.execPath,
    programArguments: [projectPath('test/benchmarks/bare-server.mjs')],
    env: { ...process.env, PORT: String(port) },
    isReady: () => answersHttp(`${url}/metrics`),
  });
  await service.start();
  return service;
}
