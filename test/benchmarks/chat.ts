/** What a chat costs, and how fast it is passed on: `npm run bench`. The machine should have nothing else to do. */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { ensureBuild } from '../../infra/local/build.mjs';
import { installPrograms } from '../../infra/local/programs.ts';
import questionSet from '../evaluation/questions.json' with { type: 'json' };
import { type GeminiServer, startGeminiServer } from '../gemini-server/gemini-server.ts';
import { canteenQuestion } from '../system/canteen-question.ts';
import { prepareStores } from '../system/prepared-stores.ts';
import { startTestStack, type TestStack } from '../system/stack.ts';
import { type AbsenceReport, leaveForGood, slowModel } from './absent-clients.ts';
import { startBareServer } from './bare-server.ts';
import { measureStreams } from './first-delta.ts';
import { percentile } from './percentile.ts';
import { collectableEnv } from './replica-figures.ts';
import { measureThroughput, type Throughput } from './throughput.ts';

const replicas = 3;
const env = {
  ...collectableEnv,
  LOG_LEVEL: 'warning',
  ENABLE_RATE_LIMITING: 'true',
  RATE_LIMIT_REQUESTS: '1000000',
  MAX_CONCURRENT_CHATS: '500',
};

let questionsAsked = 0;
/** None is ever asked twice, so that no cache has its answer. */
const newQuestions = (count: number) =>
  Array.from({ length: count }, () => canteenQuestion(questionsAsked++));
const sameQuestion = (count: number) => Array.from({ length: count }, () => 'How do I connect to eduroam?');

async function measureBare(stack: TestStack): Promise<Throughput> {
  const servers = await Promise.all(
    Array.from({ length: replicas }, (_, index) => startBareServer(stack.dataDir, index + 1)),
  );
  await stack.nginx.setReplicaPorts(servers.map(({ port }) => port));
  await measureThroughput(stack.nginx.url, servers, sameQuestion(2000));
  const measured = await measureThroughput(stack.nginx.url, servers, sameQuestion(4000));
  await stack.nginx.setReplicaPorts(stack.replicas().map(({ port }) => port));
  await Promise.all(servers.map((server) => server.stop()));
  return measured;
}

async function measureWithModel(stack: TestStack, gemini: GeminiServer) {
  const origin = stack.nginx.url;
  gemini.setScript({ chunks: 3 });
  await measureThroughput(origin, stack.replicas(), newQuestions(900));
  const model = await measureThroughput(origin, stack.replicas(), newQuestions(1000));
  await measureThroughput(origin, stack.replicas(), sameQuestion(1000));
  const cached = await measureThroughput(origin, stack.replicas(), sameQuestion(2000));
  const bare = await measureBare(stack);

  gemini.setScript({ chunks: 3, chunkDelayMs: 10 });
  await measureStreams(origin, gemini, newQuestions(50));
  const latencies = await measureStreams(origin, gemini, newQuestions(300));

  gemini.setScript(slowModel);
  const leave = (clients: number) => {
    const firstQuestion = questionsAsked;
    questionsAsked += clients;
    return leaveForGood(stack, gemini, { clients, firstQuestion });
  };
  await leave(200);
  return { latencies, model, cached, bare, absence: await leave(1000) };
}

async function measureKnowledgeBase(): Promise<Throughput> {
  const stack = await startTestStack({ replicas, env });
  try {
    await measureThroughput(stack.nginx.url, stack.replicas(), newQuestions(900));
    const questions = [...new Set(questionSet.map(({ question }) => question))];
    return await measureThroughput(stack.nginx.url, stack.replicas(), questions);
  } finally {
    await stack.stop();
  }
}

async function measureAll() {
  const gemini = await startGeminiServer();
  const stack = await startTestStack({ replicas, geminiUrl: gemini.url, env });
  try {
    return await measureWithModel(stack, gemini);
  } finally {
    await stack.stop();
    await gemini.close();
  }
}

installPrograms(['redis-server', 'nginx']);
await ensureBuild();
await prepareStores();
const loadBefore = loadavg()[0] ?? 0;
const measured = { ...(await measureAll()), knowledgeBase: await measureKnowledgeBase() };
const { latencies, absence, bare } = measured;

const ms = (value: number) => `${value.toFixed(1)} ms`;
const spread = (values: readonly number[]) =>
  `${ms(percentile(values, 0.5))} / ${ms(percentile(values, 0.95))}`;
const describe = ({ chatsPerSecond, cpuMs }: Throughput) =>
  `${chatsPerSecond.toFixed(0)} /s (${(chatsPerSecond / bare.chatsPerSecond).toFixed(2)}), ` +
  `${cpuMs.toFixed(2)} CPU ms (${(cpuMs / bare.cpuMs).toFixed(1)})`;
const describeAbsence = ({ calls, completedCalls, ...absence }: AbsenceReport) => {
  const growth = absence.heapBytesAfter / absence.heapBytesBefore - 1;
  return (
    `${calls - completedCalls} calls of the model closed within ${(absence.untilClosedMs / 1000).toFixed(1)} s, ` +
    `${absence.answersInFlight} answers in flight, heap ${growth > 0 ? '+' : ''}${(growth * 100).toFixed(1)} %`
  );
};

console.log(
  `Node ${process.version}, ${availableParallelism()} cores (${cpus()[0]?.model}), ` +
    `load ${loadBefore.toFixed(1)} before; ${replicas} replicas\n`,
);
const rows = {
  measured: 'result (ratio to the bare route)',
  '---': '---',
  'model’s first chunk to the client’s first delta, p50 / p95': spread(
    latencies.map(({ untilFirstDeltaMs }) => untilFirstDeltaMs),
  ),
  'request to the model being called, p50 / p95': spread(
    latencies.map(({ untilModelCalledMs }) => untilModelCalledMs),
  ),
  'bare Hono route through the same nginx': describe(bare),
  'cached answer': describe(measured.cached),
  'knowledge base answers, local embedding': describe(measured.knowledgeBase),
  'model answers': describe(measured.model),
  [`${absence.clients} clients leave for good`]: describeAbsence(absence),
};
for (const [what, result] of Object.entries(rows)) console.log(`| ${what} | ${result} |`);
