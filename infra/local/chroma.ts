import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from './ports.ts';
import { answersHttp } from './probes.ts';
import { projectPath } from './project-root.ts';
import { createService, type Service } from './service.ts';

export interface ChromaOptions {
  readonly dataDir: string;
  /** A free one by default. */
  readonly port?: number;
  readonly logFile?: string;
}

/** The Chroma server that comes with the chromadb package. */
export async function startChroma(options: ChromaOptions): Promise<Service> {
  const { dataDir, port = await findFreePort() } = options;
  mkdirSync(dataDir, { recursive: true });
  const url = `http://127.0.0.1:${port}`;
  const service = createService({
    name: 'chroma',
    url,
    port,
    logFile: options.logFile ?? join(dataDir, 'chroma.log'),
    program: process.execPath,
    programArguments: [
      projectPath('node_modules/chromadb/dist/cli.mjs'),
      ...['run', '--path', dataDir, '--host', '127.0.0.1', '--port', String(port)],
    ],
    env: { PATH: process.env.PATH, HOME: dataDir, ANONYMIZED_TELEMETRY: 'False' },
    cwd: dataDir,
    isReady: () => answersHttp(`${url}/api/v2/heartbeat`),
  });
  await service.start();
  return service;
}
