import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KnowledgeStack, openKnowledgeStack } from '../../src/composition/knowledge.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { formatKnowledge } from '../../src/domain/knowledge/format-knowledge.ts';
import type { KnowledgeEntry } from '../../src/domain/knowledge/knowledge-entry.ts';
import { institution } from '../fixtures/institution.ts';
import { createEntries } from '../fixtures/knowledge-entries.ts';
import { startChroma, startPostgres, startRedis, type TestServer } from '../fixtures/start-servers.ts';

let servers: TestServer[];
let folder: string;
let environment: Record<string, string>;
let stack: KnowledgeStack;

beforeAll(async () => {
  servers = await Promise.all([startPostgres(), startRedis(), startChroma()]);
  const [postgres, redis, chroma] = servers as [TestServer, TestServer, TestServer];
  folder = await mkdtemp(join(tmpdir(), 'knowledge-'));
  environment = { DATABASE_URL: postgres.url, REDIS_URL: redis.url, CHROMA_URL: chroma.url };
  expect((await run('migrate')).code).toBe(0);
  stack = await openKnowledgeStack(parseConfig(environment), institution);
});

afterAll(async () => {
  await stack.close();
  await Promise.all(servers.map((server) => server.remove()));
  await rm(folder, { recursive: true });
});

function start(command: string, ...parameters: string[]): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', `src/bin/${command}.ts`, ...parameters], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function run(command: string, ...parameters: string[]) {
  const child = start(command, ...parameters);
  const output = { out: '', errors: '' };
  child.stdout?.on('data', (text) => {
    output.out += text;
  });
  child.stderr?.on('data', (text) => {
    output.errors += text;
  });
  const [code] = await once(child, 'close');
  return { code: code as number | null, ...output };
}

async function write(name: string, entries: readonly KnowledgeEntry[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, formatKnowledge(entries));
  return path;
}

const liveEntries = async () => {
  const live = await stack.store.findActive();
  return live && (await stack.store.loadSnapshot(live.version)).entries;
};

/** Live version, signal and index all speak of the same entries. */
async function expectWholeAndLive(entries: readonly KnowledgeEntry[]): Promise<void> {
  const live = await stack.store.findActive();
  expect(await liveEntries()).toEqual(entries);
  expect(await stack.signal.findActiveVersion()).toBe(live?.version);
  expect(await stack.vectorIndex.loadEntries(live?.version ?? 0)).toEqual(entries);
}

describe('the commands of operators', () => {
  it('ingest, list, roll back and export', async () => {
    const before = createEntries(8);
    const after = createEntries(9);
    expect(await run('ingest', await write('before.json', before))).toMatchObject({
      code: 0,
      out: expect.stringContaining('added: 8'),
    });
    await expectWholeAndLive(before);
    const first = (await stack.store.findActive())?.version;
    expect((await run('ingest', await write('after.json', after), '--dry-run')).out).toContain(
      'added: 1 (topic8)',
    );
    await expectWholeAndLive(before);
    expect((await run('ingest', join(folder, 'after.json'))).out).toContain('embedded: 1');
    await expectWholeAndLive(after);
    expect((await run('ingest', join(folder, 'after.json'))).out).toContain('stays live');
    expect((await run('knowledge', 'activate', `${first}`)).out).toContain(`Version ${first} is live`);
    await expectWholeAndLive(before);
    expect((await run('knowledge', 'versions')).out).toMatch(
      new RegExp(`\\* live ${first} .*8 entries, local`),
    );
    expect((await run('knowledge', 'export', join(folder, 'export.json'))).code).toBe(0);
    expect(await readFile(join(folder, 'export.json'), 'utf8')).toBe(formatKnowledge(before));
    expect((await run('knowledge', 'export')).out).toBe(formatKnowledge(before));
    expect((await run('knowledge', 'export', '/dev/stdout')).out).toBe(formatKnowledge(before));
  });

  it('refuse what they do not understand', async () => {
    expect((await run('knowledge', 'activate', 'x')).code).toBe(2);
    expect((await run('ingest', '--nonsense')).code).toBe(2);
    const unknown = await run('knowledge', 'activate', '99999');
    expect(unknown).toMatchObject({ code: 1, errors: expect.stringContaining('no knowledge version 99999') });
  });

  it('refuse a file with five faults with five messages that name the place, and change nothing', async () => {
    const live = await stack.store.findActive();
    const path = join(folder, 'faults.json');
    const documents = [
      '{"id": "a", "question": "Q?", "answer": "", "category": "c"}',
      '{"id": "b", "question": 5, "answer": "A", "category": "c"}',
      '{"id": "a", "question": "Q?", "answer": "A", "category": "c"}',
      '{"id": "d", "question": "Q?", "answer": "A", "category": "c", "role": "Wizard"}',
      '{"id": "e", "question": "Q?", "answer": "A", "category": "c", "source": "javascript:alert(1)"}',
    ];
    await writeFile(path, `{"documents": [\n${documents.join(',\n')}\n]}`);
    const { code, errors } = await run('ingest', path);
    expect(code).toBe(1);
    for (const line of [2, 3, 4, 5, 6]) expect(errors).toContain(`${path}:${line} documents[${line - 2}]`);
    expect(await stack.store.findActive()).toEqual(live);
  });

  it('print a hundred faults at most, and no control sequence of a file’s name', async () => {
    const path = join(folder, '\u001b[2J\u009b31m\u202efaults.csv');
    await writeFile(
      path,
      `question,answer,category\n${Array.from({ length: 20_001 }, (_, i) => `Q${i}?,,c`).join('\n')}`,
    );
    const { code, errors } = await run('ingest', path);
    expect(code).toBe(1);
    expect(errors.split('\n').length).toBeLessThan(110);
    expect(errors).toMatch(/\\u\{1b\}\[2J.*faults\.csv:2: answer is empty/);
    expect(errors).toContain('and 19901 more');
    expect(errors).toContain('20001 fault(s); nothing was changed');
    expect(errors.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Cf}/u);
  });

  it('wait for one another', async () => {
    const [first, second] = [createEntries(20, 'first'), createEntries(20, 'second')];
    const results = await Promise.all([
      run('ingest', await write('first.json', first)),
      run('ingest', await write('second.json', second)),
    ]);
    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    const ids = new Set((await liveEntries())?.map(({ id }) => id));
    for (const { id } of [...first, ...second]) expect(ids).toContain(id);
  });
});

describe('an ingest killed at ten moments', () => {
  it('leaves the right version live each time, and no orphan once it runs to its end', async () => {
    const before = createEntries(3, 'before');
    await run('ingest', await write('safe.json', before), '--prune');
    const after = createEntries(40, 'after');
    const path = await write('killed.json', after);
    for (let i = 0; i < 10; i++) {
      const child = start('ingest', path, '--prune');
      const exited = once(child, 'exit');
      await Promise.race([delay(400 + Math.random() * 2500), exited]);
      child.kill('SIGKILL');
      await exited;
      expect([before, after]).toContainEqual(await liveEntries());
      const version = await stack.store.findActive();
      if (version) expect(await stack.vectorIndex.findCount(version)).toBe(version.entryCount);
    }
    expect((await run('ingest', path, '--prune')).code).toBe(0);
    await expectWholeAndLive(after);
    const known = (await stack.store.listVersions()).slice(-2).map(({ version }) => version);
    expect((await stack.vectorIndex.listVersions()).map(({ version }) => version)).toEqual(known);
  });
});
