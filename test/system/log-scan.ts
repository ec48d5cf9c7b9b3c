import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import postgres from 'postgres';

/** `<22 characters>.<12 characters>`, as src/domain/sessions/session-id.ts makes them. */
const sessionId = /\b[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{12}\b/;
/** Shorter texts can stand in a log by chance. */
const minimumQuestionCharacters = 12;
const debugLevels = new Set(['DEBUG', 'TRACE']);

export interface LogScanOptions {
  logDirectory: string;
  /** Values that no line may hold. */
  secrets: readonly string[];
  /** Where the questions of the run are known; a store that is away leaves them out of the scan. */
  databaseUrl: string | undefined;
}

/** What the logs of the replicas hold at info and above though they must not: secrets, session ids, questions. */
export async function scanLogs({ logDirectory, secrets, databaseUrl }: LogScanOptions): Promise<string[]> {
  const questions = databaseUrl === undefined ? [] : await readQuestions(databaseUrl).catch(() => []);
  const forbidden = [...secrets, ...questions.filter((text) => text.length >= minimumQuestionCharacters)];
  const findings: string[] = [];
  for (const name of readdirSync(logDirectory).filter((file) => file.startsWith('replica'))) {
    for (const line of readFileSync(join(logDirectory, name), 'utf8').split('\n')) {
      if (isDebugLine(line)) continue;
      const found = forbidden.find((text) => line.includes(text)) ?? sessionId.exec(line)?.[0];
      if (found !== undefined) findings.push(`${name} holds "${found}": ${line.slice(0, 300)}`);
    }
  }
  return findings;
}

async function readQuestions(databaseUrl: string): Promise<string[]> {
  const sql = postgres(databaseUrl, { max: 1, connect_timeout: 2 });
  try {
    const rows = await sql<
      { question: string }[]
    >`select distinct question from chat_interactions limit 5000`;
    return rows.map(({ question }) => question);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function isDebugLine(line: string): boolean {
  try {
    return debugLevels.has((JSON.parse(line) as { level: string }).level);
  } catch {
    return false;
  }
}
