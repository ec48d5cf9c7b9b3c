import { setTimeout as sleep } from 'node:timers/promises';
import { projectPath } from '../../infra/local/project-root.ts';
import { readKnowledgeFiles } from '../../src/adapters/knowledge-files/read-knowledge-files.ts';
import { parseKnowledgeFiles } from '../../src/domain/knowledge/parse-knowledge-files.ts';
import { audienceWords } from '../fixtures/institution.ts';

export interface LoadResult {
  readonly json: number;
  readonly streams: number;
  /** Answers that the model wrote, now or earlier. */
  readonly byModel: number;
  /** One sentence for each request that was not answered as it should. */
  readonly failures: readonly string[];
  readonly replicas: ReadonlySet<string>;
  readonly slowestMs: number;
}

export interface Load {
  /** Ends the load and waits for what is under way. */
  stop(): Promise<LoadResult>;
  count(): number;
}

const roles = ['student', 'employee', 'lecturer', 'visitor'];
const campuses = ['Munich', 'Garching', 'Weihenstephan', 'Heilbronn', 'Singapore'];

const questions = parseKnowledgeFiles(
  (await readKnowledgeFiles([projectPath('infra/knowledge')])).files,
  audienceWords,
).entries.map(({ question }) => question);

/** The model has to write most of the answers: few are the same in question, role and campus. */
const describeQuestion = (index: number) => ({
  message: questions[index % questions.length],
  user_role: roles[Math.floor(index / questions.length) % roles.length],
  user_campus: campuses[Math.floor(index / questions.length / roles.length) % campuses.length],
});

/** People who ask, evenly: every other one wants a stream. A stream counts only if it is answered to its end. */
export function startLoad(url: string, perSecond = 20): Load {
  const failures: string[] = [];
  const replicas = new Set<string>();
  const underWay = new Set<Promise<void>>();
  const counts = { json: 0, streams: 0, byModel: 0 };
  let slowestMs = 0;
  let isStopped = false;

  async function askOnce(index: number): Promise<void> {
    const wantsStream = index % 2 === 1;
    const startedAtMs = performance.now();
    try {
      const reply = await fetch(`${url}/api/chat`, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          ...(wantsStream && { Accept: 'text/event-stream' }),
        },
        body: JSON.stringify(describeQuestion(index)),
        signal: AbortSignal.timeout(40_000),
      });
      const text = await reply.text();
      const replica = reply.headers.get('x-replica');
      if (replica !== null) replicas.add(replica);
      const isWhole = wantsStream ? /^event: done$/m.test(text) : text.includes('"answered_by"');
      if (text.includes('"answered_by":"model"')) counts.byModel += 1;
      if (reply.status !== 200 || replica === null || !isWhole) {
        failures.push(`${wantsStream ? 'stream' : 'json'}: ${reply.status} ${text.slice(-300)}`);
      }
    } catch (error) {
      const { message, cause } = error as Error;
      failures.push(`${wantsStream ? 'stream' : 'json'}: ${message} ${String(cause)}`);
    }
    counts[wantsStream ? 'streams' : 'json'] += 1;
    slowestMs = Math.max(slowestMs, performance.now() - startedAtMs);
  }

  const running = (async () => {
    const startedAtMs = performance.now();
    for (let index = 0; !isStopped; index += 1) {
      const asked = askOnce(index).finally(() => underWay.delete(asked));
      underWay.add(asked);
      await sleep(Math.max(0, startedAtMs + ((index + 1) * 1000) / perSecond - performance.now()));
    }
  })();

  return {
    count: () => counts.json + counts.streams,
    async stop() {
      isStopped = true;
      await running;
      await Promise.all(underWay);
      return { ...counts, failures, replicas, slowestMs: Math.round(slowestMs) };
    },
  };
}
