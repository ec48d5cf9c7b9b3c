import { findFreePort } from '../../../infra/local/ports.ts';
import { answersTcp } from '../../../infra/local/probes.ts';
import { projectPath } from '../../../infra/local/project-root.ts';
import { createService, type Service } from '../../../infra/local/service.ts';
import type { RecordedCall } from '../../gemini-server/call-log.ts';
import type { GeminiScript } from '../../gemini-server/script.ts';

/** The Gemini-compatible server as a process of its own: it can be frozen, and takes no time from the load. */
export interface GeminiProcess extends Service {
  /** Replaces the whole script; a restarted server goes on with it. */
  setScript(script: GeminiScript): Promise<void>;
  /** The newest calls, oldest first. */
  calls(): Promise<readonly RecordedCall[]>;
  clearCalls(): Promise<void>;
}

export async function startGeminiProcess(logFile: string): Promise<GeminiProcess> {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const service = createService({
    name: 'gemini',
    url,
    port,
    logFile,
    program: process.execPath,
    programArguments: ['--import', 'tsx', projectPath('test/gemini-server/main.ts')],
    env: { PATH: process.env.PATH, PORT: String(port) },
    cwd: projectPath('.'),
    isReady: () => answersTcp(port, 'GET /control/calls HTTP/1.1\r\nHost: gemini\r\n\r\n', 'HTTP/1.1 200'),
  });
  await service.start();
  let current: GeminiScript = {};

  async function sendScript() {
    const response = await fetch(`${url}/control/script`, { method: 'PUT', body: JSON.stringify(current) });
    if (!response.ok) throw new Error(`the script was refused: ${await response.text()}`);
  }

  return {
    ...service,
    async start() {
      await service.start();
      await sendScript();
    },
    async setScript(script) {
      current = script;
      await sendScript();
    },
    async calls() {
      const response = await fetch(`${url}/control/calls`);
      return ((await response.json()) as { calls: RecordedCall[] }).calls;
    },
    async clearCalls() {
      await fetch(`${url}/control/calls`, { method: 'DELETE' });
    },
  };
}
