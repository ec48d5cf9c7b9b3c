import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from './service.ts';

const firstDelayMs = 500;
const longestDelayMs = 30_000;
/** Who ran this long before it died gets the first delay again. */
const soundAfterMs = 60_000;

export interface SupervisionOptions {
  /** Ends the supervision. */
  readonly signal: AbortSignal;
  report(line: string): void;
  onBack(): void;
}

/** Starts a service again whenever it dies, ever later while it keeps dying. */
export function supervise(service: Service, { signal, report, onBack }: SupervisionOptions): void {
  let delayMs = firstDelayMs;
  let startedAtMs = Date.now();

  service.onUnexpectedExit(({ code, signal: killedBy }) => {
    report(`${service.name} ended (${killedBy ?? `exit code ${code}`}); it is started again`);
    if (Date.now() - startedAtMs > soundAfterMs) delayMs = firstDelayMs;
    void bringBack();
  });

  async function bringBack() {
    while (!signal.aborted) {
      await sleep(delayMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      delayMs = Math.min(delayMs * 2, longestDelayMs);
      try {
        await service.start();
        startedAtMs = Date.now();
        onBack();
        report(`${service.name} is back`);
        return;
      } catch (error) {
        report(error instanceof Error ? error.message : String(error));
      }
    }
  }
}
