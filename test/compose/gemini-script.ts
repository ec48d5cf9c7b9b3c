import type { GeminiScript } from '../gemini-server/script.ts';
import type { ComposeProject } from './project.ts';

/** Tells the Gemini-compatible server of the project how to behave from now on. */
export async function setGeminiScript(project: ComposeProject, script: GeminiScript): Promise<void> {
  const body = JSON.stringify(JSON.stringify(script));
  const code = `fetch('http://127.0.0.1:8090/control/script', { method: 'PUT', body: ${body} }).then(({ ok }) => process.exit(ok ? 0 : 1))`;
  await project.compose('exec', '-T', 'gemini', 'node', '-e', code);
}

/** Answers that take about two seconds and arrive in pieces, as a model's do. */
export const unhurried: GeminiScript = { latencyMs: 300, chunks: 8, chunkDelayMs: 200 };
