import { pathToFileURL } from 'node:url';
import { projectPath } from '../../infra/local/project-root.ts';
import type { Replica } from '../../infra/local/replica.ts';
import { until } from '../system/until.ts';

/** What a replica's /metrics say of it. */
export interface ReplicaFigures {
  readonly requestsInFlight: number;
  readonly answersInFlight: number;
  /** JavaScript objects and the buffers they hold. */
  readonly heapBytes: number;
  readonly cpuMs: number;
  readonly fullCollections: number;
}

/** Whatever has metrics. */
export type Metered = Pick<Replica, 'metricsUrl'>;

export async function readFigures({ metricsUrl }: Metered): Promise<ReplicaFigures> {
  const response = await fetch(metricsUrl);
  const text = await response.text();
  const read = (name: string) => {
    const line = text.split('\n').find((each) => each.startsWith(`tum_chatbot_${name} `));
    return Number(line?.slice(line.indexOf(' ')) ?? 0);
  };
  return {
    requestsInFlight: read('http_requests_in_flight'),
    answersInFlight: read('answers_in_flight'),
    heapBytes: read('nodejs_heap_size_used_bytes') + read('nodejs_external_memory_bytes'),
    cpuMs: read('process_cpu_seconds_total') * 1000,
    fullCollections: read('nodejs_gc_duration_seconds_count{kind="major"}'),
  };
}

/** The sum of a figure over replicas. */
export async function sumOf(replicas: readonly Metered[], figure: keyof ReplicaFigures): Promise<number> {
  const figures = await Promise.all(replicas.map(readFigures));
  return figures.reduce((sum, each) => sum + each[figure], 0);
}

/** Settings of replicas whose garbage can be collected from here. */
export const collectableEnv = {
  NODE_OPTIONS: `--import=${pathToFileURL(projectPath('test/fixtures/collect-garbage.mjs'))}`,
};

export async function collectGarbage(replica: Replica): Promise<void> {
  // What the first run finalizes, the second one frees.
  for (let run = 0; run < 2; run += 1) {
    const { fullCollections } = await readFigures(replica);
    replica.signal('SIGUSR2');
    await until(async () => (await readFigures(replica)).fullCollections > fullCollections);
  }
}
