import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GeminiServer, startGeminiServer } from '../gemini-server/gemini-server.ts';
import { startTestStack, type TestStack } from './stack.ts';

const entryCount = 270;
const questionsPerSecond = 20;

interface Reply {
  status: number;
  replica: string;
  degraded: string[];
  sources: { id: string }[];
}

let gemini: GeminiServer;
let stack: TestStack;
let folder: string;

beforeAll(async () => {
  gemini = await startGeminiServer();
  stack = await startTestStack({ geminiUrl: gemini.url });
  folder = await mkdtemp(join(tmpdir(), 'knowledge-serving-'));
});

afterAll(async () => {
  await stack?.stop();
  await gemini?.close();
  if (folder) await rm(folder, { recursive: true });
});

async function ask(message: string, url = stack.nginx.url): Promise<Reply> {
  const response = await fetch(`${url}/api/chat`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ message }),
  });
  const body = (await response.json()) as Pick<Reply, 'degraded' | 'sources'>;
  return { ...body, status: response.status, replica: response.headers.get('x-replica') ?? '' };
}

/** In the format that operators of the Python backend own. */
async function writeOldFormat(name: string, prefix: string): Promise<string> {
  const documents = Array.from({ length: entryCount }, (_, i) => ({
    id: `${prefix}_${i}`,
    category: 'Laboratories',
    role: 'Student',
    source: 'https://www.example.org/laboratories',
    question: `Who looks after the ${prefix} laboratory number ${i}?`,
    answer: `The ${prefix} laboratory number ${i} is looked after by team ${i}.`,
    content: `Q: Who looks after the ${prefix} laboratory number ${i}?\nA: Team ${i}.`,
    keywords: [`${prefix}`, `laboratory ${i}`],
  }));
  const path = join(folder, name);
  await writeFile(path, JSON.stringify({ documents }));
  return path;
}

async function ingest(path: string): Promise<{ code: number; output: string; durationMs: number }> {
  const startedAtMs = performance.now();
  const child = spawn(process.execPath, ['dist/bin/ingest.js', path], {
    env: { PATH: process.env.PATH, ...stack.variables },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const [code] = (await once(child, 'close')) as [number];
  return { code, output, durationMs: performance.now() - startedAtMs };
}

const embeddingCalls = () => gemini.calls().filter(({ path }) => /embed/i.test(path)).length;

describe('three replicas', () => {
  it('take in a knowledge base of the old format while people ask, without one failed request', async () => {
    const replies: Reply[] = [];
    let isAsking = true;
    const asked: Promise<unknown>[] = [];
    const asking = (async () => {
      for (let i = 0; isAsking; i += 1) {
        asked.push(ask(`How do I connect to eduroam? (${i})`).then((reply) => replies.push(reply)));
        await delay(1000 / questionsPerSecond);
      }
    })();
    const first = await ingest(await writeOldFormat('laboratories.json', 'zircon'));
    expect(first.output).toContain('270');
    expect(first.code).toBe(0);
    const isServedBy = stack.replicas().map(async ({ url }) => {
      const isNew = async () =>
        (await ask('Who looks after the zircon laboratory number 7?', url)).sources.some(
          ({ id }) => id === 'zircon_7',
        );
      await expect.poll(isNew, { timeout: 10_000, interval: 50 }).toBe(true);
    });
    await Promise.all(isServedBy);
    isAsking = false;
    await asking;
    await Promise.all(asked);
    expect(replies.length).toBeGreaterThan(questionsPerSecond);
    expect(replies.filter(({ status }) => status !== 200)).toEqual([]);
    expect(replies.filter(({ degraded }) => degraded.length > 0)).toEqual([]);
  });

  it('take the same file again without embedding anything', async () => {
    const path = join(folder, 'laboratories.json');
    gemini.clearCalls();
    const again = await ingest(path);
    expect(again.code).toBe(0);
    expect(embeddingCalls()).toBe(0);
  });

  it('answer by keyword while Chroma has lost its data, and fully again without the embedding provider', async () => {
    await stack.chroma.stop();
    const chromaData = join(stack.dataDir, 'chroma');
    for (const name of await readdir(chromaData)) await rm(join(chromaData, name), { recursive: true });
    const during = await ask('How do I use the printers on campus?');
    expect(during).toMatchObject({ status: 200, degraded: ['chroma'] });
    expect(during.sources.length).toBeGreaterThan(0);
    gemini.clearCalls();
    await stack.chroma.start();
    await expect
      .poll(async () => (await ask(`Where can I print a poster? ${Math.random()}`)).degraded, {
        timeout: 20_000,
        interval: 250,
      })
      .toEqual([]);
    const documents = gemini
      .calls()
      .filter(({ body }) => JSON.stringify(body).includes('RETRIEVAL_DOCUMENT'));
    expect(documents).toEqual([]);
  });

  it.each(['postgres', 'chroma'] as const)(
    'answer from a replica that was started while %s was down',
    async (name) => {
      const [replica] = stack.replicas();
      if (!replica) throw new Error('there is no replica');
      await replica.stop();
      await stack[name].stop();
      try {
        await replica.start();
        const reply = await ask('How do I reset my password?', replica.url);
        expect(reply).toMatchObject({ status: 200 });
        expect(reply.sources.length).toBeGreaterThan(0);
      } finally {
        await stack[name].start();
      }
      await expect
        .poll(
          async () =>
            ((await (await fetch(`${replica.url}/api/health`)).json()) as { status: string }).status,
          { timeout: 15_000 },
        )
        .toBe('healthy');
    },
  );
});
