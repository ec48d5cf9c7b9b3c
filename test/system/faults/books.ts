import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultSystem } from './fault-system.ts';
import type { AskedQuestion } from './steady-load.ts';

/** What history and statistics hold, compared with what was answered. */
export interface Books {
  /** Questions that are in a history more than once. */
  readonly duplicateTurns: readonly string[];
  /** Questions that have more than one row. */
  readonly duplicateRows: readonly string[];
  /** Answered questions without a row. */
  readonly lostRows: readonly string[];
  /** Questions answered with Redis at hand that are not in the history. */
  readonly lostTurns: readonly string[];
}

const backlogLimitMs = 60_000;
/** More than a replica's try to write and the pause after it take at most. */
const standstillLimitMs = 20_000;
const pollMs = 250;

/** Waits until the statistics have arrived, or come no more, and compares. */
export async function checkBooks(system: FaultSystem, asked: readonly AskedQuestion[]): Promise<Books> {
  const answered = asked.filter(({ answer }) => answer !== undefined);
  const rows = await collectRows(system, asked, answered);
  const turns = await collectTurns(system, asked);
  return {
    duplicateTurns: asked.flatMap(({ message }) => ((turns.get(message) ?? 0) > 1 ? [message] : [])),
    duplicateRows: asked.flatMap(({ message, isTwoQuestions }) =>
      (rows.get(message) ?? 0) > (isTwoQuestions ? 2 : 1) ? [message] : [],
    ),
    lostRows: answered.flatMap(({ message }) => (rows.has(message) ? [] : [message])),
    lostTurns: answered.flatMap(({ message, answer }) =>
      turns.has(message) || answer?.degraded.includes('redis') ? [] : [message],
    ),
  };
}

/** How many rows each question has. */
async function collectRows(
  { inspectPostgres: sql }: FaultSystem,
  asked: readonly AskedQuestion[],
  answered: readonly AskedQuestion[],
): Promise<ReadonlyMap<string, number>> {
  const messages = asked.map(({ message }) => message);
  const deadlineAtMs = performance.now() + backlogLimitMs;
  let lastCount = 0;
  let movedAtMs = performance.now();
  for (;;) {
    const found = await sql<{ question: string; count: number }[]>`
      SELECT question, count(*)::int FROM chat_interactions WHERE question = ANY(${messages}) GROUP BY question`;
    const rows = new Map(found.map(({ question, count }) => [question, count]));
    const isComplete = answered.every(({ message }) => rows.has(message));
    if (rows.size > lastCount) movedAtMs = performance.now();
    lastCount = rows.size;
    const nowMs = performance.now();
    if (isComplete || nowMs > deadlineAtMs || nowMs > movedAtMs + standstillLimitMs) return rows;
    await sleep(pollMs);
  }
}

/** How many turns each question has. */
async function collectTurns(
  { nginx }: FaultSystem,
  asked: readonly AskedQuestion[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const sessions = new Map(asked.map(({ sessionId, userId }) => [sessionId, userId]));
  for (const [sessionId, userId] of sessions) {
    const reply = await fetch(`${nginx.url}/api/session/${sessionId}/history`, {
      headers: { 'X-User-ID': userId },
    });
    const { turns = [] } = (await reply.json()) as { turns?: { question: string }[] };
    for (const { question } of turns) counts.set(question, (counts.get(question) ?? 0) + 1);
  }
  return counts;
}
