import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createVertexProvider, type VertexProviderOptions } from '../../../src/adapters/vertex/provider.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { createAnsweringModel } from '../../../src/domain/models/answering-model.ts';
import { freeBudget } from '../../fakes/free-budget.ts';
import { createMemoryModelGate } from '../../fakes/memory-model-gate.ts';
import { type GeminiServer, startGeminiServer } from '../../gemini-server/gemini-server.ts';
import { startTokenServer, type TokenServer } from '../../gemini-server/token-server.ts';
import { ask } from '../gemini/ask.ts';

const folder = mkdtempSync(join(tmpdir(), 'vertex-'));
const credentialsFile = join(folder, 'service-account.json');
let server: GeminiServer;
let tokens: TokenServer;
const closing: (() => unknown)[] = [];

async function startServers(options: { lifeMs?: number; aheadMs?: number } = {}) {
  tokens = await startTokenServer(options);
  server = await startGeminiServer({ isTokenValid: tokens.isValid });
  writeFileSync(credentialsFile, tokens.credentials);
  closing.push(server.close, tokens.close);
}

function open(options: Partial<VertexProviderOptions> = {}) {
  const gate = createMemoryModelGate();
  const provider = createVertexProvider({
    baseUrl: server.url,
    project: 'project',
    location: 'eu',
    credentialsFile,
    gate,
    ...options,
  });
  const model = createAnsweringModel({
    provider,
    gate,
    budget: freeBudget,
    model: 'gemini-3.5-flash-lite',
    fallbackModel: 'gemini-3.8-flash',
    maxOutputTokens: 1000,
    temperature: 0.7,
    totalTimeoutMs: 8_000,
    idleTimeoutMs: 500,
  });
  closing.unshift(model.close, provider.close);
  return { provider, model };
}

beforeEach(() => startServers());
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  rmSync(credentialsFile);
});

describe('Gemini on Vertex', () => {
  it('answers at the path of project and location, without a word about storing', async () => {
    const { model } = open();
    expect((await ask(model)).text).toMatch(/^According to library-hours/);
    const [call] = server.calls();
    expect(call?.path).toBe(
      '/v1/projects/project/locations/eu/publishers/google/models/gemini-3.5-flash-lite:streamGenerateContent',
    );
    expect(call?.body).not.toHaveProperty('store');
  });

  it.each(['gemini-embedding-001', 'gemini-embedding-2'])(
    'embeds by %s, each text by itself and in order',
    async (name) => {
      const { provider } = open();
      const model = provider.embeddingModels.find((each) => each.name === name);
      if (!model) throw new Error('no such model');
      const texts = ['When does the library open?', 'What is for lunch?', 'Where can I print?'];
      const [together, one] = [
        await model.embedDocuments(texts),
        await model.embedDocuments(texts.slice(1, 2)),
      ];
      expect(together).toHaveLength(3);
      expect(together[1]).toEqual(one[0]);
      expect(together[0]).toHaveLength(768);
      expect(Math.hypot(...(together[2] ?? []))).toBeCloseTo(1, 10);
    },
  );

  it('knows by the model itself whether it is there', async () => {
    server.setScript({ missingModels: ['gemini-3.8-flash', 'gemini-embedding-2'] });
    const { provider } = open();
    const names = ['gemini-3.5-flash-lite', 'gemini-3.8-flash', 'gemini-embedding-001', 'gemini-embedding-2'];
    expect(await Promise.all(names.map(provider.probe))).toEqual([
      'available',
      'missing',
      'available',
      'missing',
    ]);
  });
});

describe('access tokens', () => {
  it('are asked for once, however many ask at once', async () => {
    const { model } = open();
    await Promise.all(Array.from({ length: 20 }, () => ask(model)));
    expect(tokens.given()).toBe(1);
  });

  it('end in the middle of a load, and no answer fails', async () => {
    for (const close of closing.splice(0)) await close();
    await startServers({ lifeMs: 400 });
    const { model } = open();
    const until = performance.now() + 2_000;
    const failed: unknown[] = [];
    const askOn = async () => {
      while (performance.now() < until) {
        const { error, finish } = await ask(model);
        if (error || finish?.model !== 'gemini-3.5-flash-lite') failed.push(error ?? finish);
        await delay(5);
      }
    };
    await Promise.all(Array.from({ length: 10 }, askOn));
    expect(failed).toEqual([]);
    expect(tokens.given()).toBeGreaterThan(3);
  });

  it('that are refused before their end are asked for anew', async () => {
    const { model } = open();
    await ask(model);
    tokens.revokeAll();
    expect((await ask(model)).finish?.model).toBe('gemini-3.5-flash-lite');
    expect(tokens.given()).toBe(2);
  });

  it.each([-3, 3])('come although our clock is %s hours off', async (hours) => {
    for (const close of closing.splice(0)) await close();
    await startServers({ aheadMs: hours * 3_600_000 });
    const { model } = open();
    expect((await ask(model)).error).toBeUndefined();
    expect(tokens.refused()).toBe(1);
  });

  it('that are not to be had say so, and come again with the token server', async () => {
    tokens.fail(400);
    const { model, provider } = open();
    expect((await ask(model)).error).toMatchObject({ reason: 'rejected' });
    expect(model.status()).toMatchObject({ state: 'down', refusedKeys: 1 });
    expect(provider.credentials.advice()).toMatch(/VERTEX_CREDENTIALS_FILE/);
    tokens.fail(undefined);
    await provider.credentials.recheck('gemini-3.5-flash-lite');
    expect((await ask(model)).error).toBeUndefined();
  });
});

describe('DATA_REGION=eu', () => {
  const vertex = { MODEL_PROVIDER: 'vertex', VERTEX_PROJECT: 'p', VERTEX_CREDENTIALS_FILE: '/key.json' };
  const own = { MODEL_PROVIDER: 'openai', OPENAI_MODEL: 'own' };

  it.each<[what: string, environment: Record<string, string>, region: string | undefined]>([
    ['Vertex in the EU', vertex, 'eu'],
    [
      'a European region',
      { ...vertex, VERTEX_BASE_URL: 'https://europe-west3-aiplatform.googleapis.com' },
      'eu',
    ],
    ['an address of one’s own', { ...own, OPENAI_BASE_URL: 'http://10.0.0.7:8000/v1' }, 'eu'],
    [
      'a host that is vouched for',
      { ...own, OPENAI_BASE_URL: 'http://vllm/v1', EU_MODEL_HOSTS: 'a, VLLM' },
      'eu',
    ],
    ['no key at all', {}, 'eu'],
    [
      'Vertex elsewhere',
      { ...vertex, VERTEX_BASE_URL: 'https://us-central1-aiplatform.googleapis.com' },
      undefined,
    ],
    [
      'Vertex without a region',
      { ...vertex, VERTEX_BASE_URL: 'https://aiplatform.googleapis.com' },
      undefined,
    ],
    [
      'a name that only begins well',
      { ...vertex, VERTEX_BASE_URL: 'https://aiplatform.eu.rep.googleapis.com.evil.org' },
      undefined,
    ],
    ['AI Studio', { GEMINI_API_KEY: 'key' }, undefined],
    ['a host nobody vouches for', { ...own, OPENAI_BASE_URL: 'https://api.openai.com/v1' }, undefined],
    ['a public address', { ...own, OPENAI_BASE_URL: 'http://8.8.8.8/v1' }, undefined],
  ])('with %s', (_what, environment, region) => {
    const parse = () => parseConfig({ DATA_REGION: 'eu', ...environment });
    if (region === undefined) expect(parse).toThrow(/is not known to be in the region of DATA_REGION/);
    else expect(parse().models.region).toBe(region);
  });

  it('opens connections to the model’s host and the token endpoint, and to no other', async () => {
    const ports = new Set<number>();
    const note = (message: unknown) => {
      const { socket } = message as { socket: Socket };
      socket.once('connect', () => ports.add(socket.remotePort ?? 0));
    };
    subscribe('net.client.socket', note);
    try {
      const { model, provider } = open();
      model.start();
      server.setScript({
        faults: [{ kind: 'status', status: 503, times: 3, methods: ['streamGenerateContent'] }],
      });
      for (let asked = 0; asked < 5; asked += 1) await ask(model);
      for (const each of provider.embeddingModels) await each.embedQueries(['a']);
      await provider.probe('gemini-3.8-flash');
    } finally {
      unsubscribe('net.client.socket', note);
    }
    expect([...ports].sort()).toEqual([server.port, Number(new URL(tokens.url).port)].sort());
  });
});
