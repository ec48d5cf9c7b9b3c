import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 20;

/** Resolves once the condition holds. A test's own time limit ends the waiting. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(pollMs);
}
