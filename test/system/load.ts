import type { Reply } from './send.ts';
import { until } from './until.ts';

export interface Load {
  /** Resolves once this many requests are answered in all. */
  reach(answered: number): Promise<void>;
  /** Lets what is in flight end. */
  stop(): Promise<{ readonly failures: readonly string[]; readonly replicas: ReadonlySet<string> }>;
}

/** Keeps that many requests in flight, one after another; a reply other than 200 is a failure. */
export function startLoad(send: () => Promise<Reply>, { inFlight }: { inFlight: number }): Load {
  const failures: string[] = [];
  const replicas = new Set<string>();
  let answered = 0;
  let isStopped = false;

  async function work() {
    while (!isStopped) {
      try {
        const { status, headers, body } = await send();
        if (status !== 200) failures.push(`${status} ${body}`);
        replicas.add(String(headers['x-replica']));
      } catch (error) {
        failures.push(String(error));
      }
      answered++;
    }
  }
  const workers = Array.from({ length: inFlight }, work);

  return {
    reach: (count) => until(() => answered >= count),
    async stop() {
      isStopped = true;
      await Promise.all(workers);
      return { failures, replicas };
    },
  };
}
