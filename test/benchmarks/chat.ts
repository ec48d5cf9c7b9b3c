/** What a chat costs, and how fast it is: `npm run bench`. The machine should have nothing else to do. */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { ChromaClient } from 'chromadb';
import { ensureBuild } from '../../infra/local/build.mjs';
import { installPrograms } from '../../infra/local/programs.ts';
import { projectPath } from '../../infra/local/project-root.ts';
import { allOrFailure, type Service } from '../../infra/local/service.ts';
import { type GeminiProcess, startGeminiProcess } from '../system/faults/gemini-process.ts';
import { prepareStores } from '../system/prepared-stores.ts';
import { startTestStack, type TestStack } from '../system/stack.ts';
import { createTemporaryFolder, removeTemporaryFolder } from '../system/temporary-folder.ts';
import { type CostCase, describeCosts, measureCosts } from './chat-costs.ts';
import { distinctQuestions } from './distinct-questions.ts';
import { askLikePeople } from './people.ts';
import { percentile } from './percentile.ts';
import type { BenchmarkRequest } from './send-many.ts';
import { startProgram } from './start-program.ts';

const rounds = 5;
const requestsPerRound = 400;
const cheapRequestsPerRound = 1500;
const columns = ['ours', 'naive', 'Portkey', 'bare Hono'] as const;

/** As in production, but that all load comes from one address. */
const env = {
  ENVIRONMENT: 'production',
  ENABLE_RATE_LIMITING: 'true',
  RATE_LIMIT_REQUESTS: '1000000',
  MAX_CONCURRENT_CHATS: '500',
  LOG_LEVEL: 'warning',
  MAX_CONCURRENT_CHATS_PER_ADDRESS: '1500',
  MAX_CONCURRENT_CHATS_PER_USER: '1500',
};

const questions = distinctQuestions();
const ask = (headers: Record<string, string> = {}, session?: string): BenchmarkRequest => ({
  method: 'POST',
  path: '/api/chat',
  headers,
  body: { message: questions.next().value, ...(session && { session_id: session }) },
});
const stream = { Accept: 'text/event-stream' };

async function findCollection(chromaUrl: string): Promise<string> {
  const { hostname, port } = new URL(chromaUrl);
  const client = new ChromaClient({ host: hostname, port: Number(port), ssl: false });
  const [collection] = await client.listCollections();
  if (!collection) throw new Error('Chroma holds no collection');
  return collection.name;
}

/** What the replica is compared with. */
async function startOthers(stack: TestStack, gemini: GeminiProcess) {
  const { dataDir, variables } = stack;
  const tsx = (file: string) => ['--import', 'tsx', projectPath(`test/benchmarks/${file}`)];
  const { REDIS_URL = '', DATABASE_URL = '', CHROMA_URL = '' } = variables;
  const collection = await findCollection(CHROMA_URL);
  const [naive, portkey, bare, openAi] = await allOrFailure([
    startProgram({
      name: 'naive',
      dataDir,
      programArguments: () => tsx('naive-server.ts'),
      env: { REDIS_URL, DATABASE_URL, CHROMA_URL, COLLECTION: collection, GEMINI_BASE_URL: gemini.url },
    }),
    startProgram({
      name: 'portkey',
      dataDir,
      programArguments: (port) => [
        '--import',
        projectPath('test/benchmarks/mutable-headers.mjs'),
        projectPath('node_modules/@portkey-ai/gateway/build/start-server.js'),
        `--port=${port}`,
        '--headless',
      ],
      env: { TRUSTED_CUSTOM_HOSTS: '127.0.0.1' },
    }),
    startProgram({
      name: 'bare',
      dataDir,
      programArguments: () => [projectPath('test/benchmarks/bare-server.mjs')],
    }),
    startProgram({ name: 'openai-model', dataDir, programArguments: () => tsx('openai-model.ts') }),
  ]);
  return { naive, portkey, bare, openAi } as Record<'naive' | 'portkey' | 'bare' | 'openAi', Service>;
}

type Others = Awaited<ReturnType<typeof startOthers>>;

function listCases(replica: Service, { naive, portkey, bare, openAi }: Others): CostCase[] {
  const gateway = (isStream: boolean): BenchmarkRequest => ({
    method: 'POST',
    path: '/v1/chat/completions',
    headers: {
      Authorization: 'Bearer key-of-the-tests',
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `${openAi.url}/v1`,
    },
    body: {
      model: 'benchmark',
      stream: isStream,
      messages: [
        {
          role: 'user',
          content: `${'An entry of the knowledge base. '.repeat(120)}${questions.next().value}`,
        },
      ],
    },
  });
  // A user is at most at four answers at once; each worker is one.
  const worker = (at: number) => ({ 'X-User-ID': `worker-${at}` });
  const chat = { requests: requestsPerRound };
  const cheap = { requests: cheapRequestsPerRound };
  const get =
    (path: string, status = 200) =>
    (): BenchmarkRequest => ({ method: 'GET', path, status });
  return [
    { row: 'JSON chat', column: 'ours', program: replica, ...chat, next: (at) => ask(worker(at)) },
    { row: 'JSON chat', column: 'naive', program: naive, ...chat, next: () => ask() },
    { row: 'JSON chat', column: 'Portkey', program: portkey, ...chat, next: () => gateway(false) },
    {
      row: 'streamed chat, 8 chunks',
      column: 'ours',
      program: replica,
      ...chat,
      next: (at) => ask({ ...worker(at), ...stream }),
    },
    { row: 'streamed chat, 8 chunks', column: 'naive', program: naive, ...chat, next: () => ask(stream) },
    {
      row: 'streamed chat, 8 chunks',
      column: 'Portkey',
      program: portkey,
      ...chat,
      next: () => gateway(true),
    },
    {
      row: 'follow-up in a long session',
      column: 'ours',
      program: replica,
      ...chat,
      next: (at) => ask(worker(at), 'long-session'),
    },
    {
      row: 'follow-up in a long session',
      column: 'naive',
      program: naive,
      ...chat,
      next: (at) => ask({}, `long-session-${at}`),
    },
    {
      row: 'cached answer',
      column: 'ours',
      program: replica,
      requests: cheapRequestsPerRound / 2,
      next: (at) => ({
        method: 'POST',
        path: '/api/chat',
        headers: worker(at),
        body: { message: 'How do I connect to eduroam?' },
      }),
    },
    { row: '/api/health', column: 'ours', program: replica, ...cheap, next: get('/api/health') },
    { row: 'unknown address', column: 'ours', program: replica, ...cheap, next: get('/nothing', 404) },
    {
      row: 'session start',
      column: 'ours',
      program: replica,
      ...cheap,
      next: (at) => ({ method: 'POST', path: '/api/session/start', headers: worker(at), body: {} }),
    },
    { row: 'one constant text', column: 'bare Hono', program: bare, ...cheap, next: get('/') },
  ];
}

/** One replica, called without nginx. */
async function measureCostTable(gemini: GeminiProcess): Promise<string[]> {
  const stack = await startTestStack({ replicas: 1, geminiUrl: gemini.url, env });
  const others: Service[] = [];
  try {
    await gemini.setScript({ chunks: 8 });
    const started = await startOthers(stack, gemini);
    others.push(...Object.values(started));
    const [replica] = stack.replicas();
    if (!replica) throw new Error('there is no replica');
    return describeCosts(await measureCosts(listCases(replica, started), rounds), columns);
  } finally {
    await Promise.all(others.map((other) => other.stop()));
    await stack.stop();
  }
}

const modelMs = 300;
const people = 150;

/** Three replicas behind nginx; the model takes its time. */
async function measureAddedLatency(gemini: GeminiProcess): Promise<string[]> {
  const stack = await startTestStack({ replicas: 3, geminiUrl: gemini.url, env });
  try {
    await gemini.setScript({ chunks: 8, latencyMs: modelMs, embeddingLatencyMs: 0 });
    await askLikePeople(stack.nginx.url, people, 5000, 3000, questions);
    const { wholeMs, firstDeltaMs } = await askLikePeople(stack.nginx.url, people, 30_000, 3000, questions);
    const added = (values: readonly number[]) =>
      `p50 ${(percentile(values, 0.5) - modelMs).toFixed(1)} ms, p99 ${(percentile(values, 0.99) - modelMs).toFixed(1)} ms`;
    return [
      `| ${people} people, model at ${modelMs} ms | added latency |`,
      '|---|---|',
      `| JSON chat (${wholeMs.length}) | ${added(wholeMs)} |`,
      `| first delta of a stream (${firstDeltaMs.length}) | ${added(firstDeltaMs)} |`,
    ];
  } finally {
    await stack.stop();
  }
}

installPrograms(['redis-server', 'nginx']);
await ensureBuild();
await prepareStores();
const loadBefore = loadavg()[0] ?? 0;
const folder = createTemporaryFolder();
const gemini = await startGeminiProcess(`${folder}/gemini.log`);
try {
  const tables = [await measureCostTable(gemini), await measureAddedLatency(gemini)];
  console.log(
    `Node ${process.version}, ${availableParallelism()} cores (${cpus()[0]?.model}), load ${loadBefore.toFixed(1)} before; ` +
      `medians of ${rounds} rounds; in parentheses ours / other\n`,
  );
  for (const table of tables) console.log(`${table.join('\n')}\n`);
} finally {
  await gemini.stop();
  removeTemporaryFolder(folder);
}
