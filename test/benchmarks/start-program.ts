import { join } from 'node:path';
import { findFreePort } from '../../infra/local/ports.ts';
import { answersTcp } from '../../infra/local/probes.ts';
import { projectPath } from '../../infra/local/project-root.ts';
import { createService, type Service } from '../../infra/local/service.ts';

export interface ProgramOptions {
  name: string;
  dataDir: string;
  /** From the port it is to listen on. */
  programArguments: (port: number) => string[];
  env?: Record<string, string>;
}

/** A Node program that listens on a free port of loopback. */
export async function startProgram({
  name,
  dataDir,
  programArguments,
  env,
}: ProgramOptions): Promise<Service> {
  const port = await findFreePort();
  const service = createService({
    name,
    url: `http://127.0.0.1:${port}`,
    port,
    logFile: join(dataDir, 'logs', `${name}.log`),
    program: process.execPath,
    programArguments: programArguments(port),
    env: { ...process.env, NODE_ENV: 'production', PORT: String(port), ...env },
    cwd: projectPath('.'),
    isReady: () =>
      answersTcp(port, 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 'HTTP/1.1'),
  });
  await service.start();
  return service;
}
