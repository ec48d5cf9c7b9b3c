import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { findFreePort } from '../../infra/local/ports.ts';
import { filterRunning, listProcessTree, signalProcess } from '../../infra/local/process-tree.mjs';
import { projectPath } from '../../infra/local/project-root.ts';
import { createTemporaryFolder, removeTemporaryFolder } from './temporary-folder.ts';
import { until } from './until.ts';

/** What a checkout has, with the packages and the build of this one. */
const checkout = [
  ...['src', 'dist', 'infra', 'nginx.conf', 'package.json', 'package-lock.json'],
  ...['tsconfig.json', 'tsconfig.build.json'],
];

let folder: string;
let ports: string[];
let url: string;

beforeAll(async () => {
  folder = createTemporaryFolder();
  for (const name of checkout) {
    cpSync(projectPath(name), join(folder, name), { recursive: true, preserveTimestamps: true });
  }
  symlinkSync(projectPath('node_modules'), join(folder, 'node_modules'));
  const httpPort = await findFreePort();
  ports = ['--http-port', String(httpPort), '--https-port', String(await findFreePort())];
  url = `http://127.0.0.1:${httpPort}`;
});

afterAll(() => removeTemporaryFolder(folder));

/** `npm run up` in the checkout; a small knowledge base, since the shipped one takes its time. */
function launch(...launchArguments: string[]) {
  const child = spawn(process.execPath, ['infra/local/up.mjs', ...ports, ...launchArguments], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      KNOWLEDGE_BASE_PATH: projectPath('test/fixtures/launcher-knowledge.md'),
      RATE_LIMIT_REQUESTS: '4321',
    },
  });
  const lines: string[] = [];
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output }).on('line', (line) => lines.push(line));
  }
  const exited = once(child, 'exit');
  return {
    pid: child.pid ?? 0,
    lines,
    /** The exit code, null when a signal ended it. */
    exited: async () => (await exited)[0] as number | null,
    says: (text: RegExp) =>
      until(() => {
        if (child.exitCode !== null) throw new Error(`The launcher ended:\n${lines.join('\n')}`);
        return lines.some((line) => text.test(line));
      }),
  };
}

const stackFileSchema = z.object({
  pid: z.number(),
  services: z.array(z.object({ name: z.string(), pid: z.number() })),
  env: z.record(z.string(), z.string()),
});
const readStackFile = () =>
  stackFileSchema.parse(JSON.parse(readFileSync(join(folder, '.local/stack.json'), 'utf8')));

const isGone = (pids: readonly number[]) => until(() => filterRunning(pids).length === 0);

const answerSchema = z.object({ sources: z.array(z.object({ question: z.string() })) });

async function ask(message: string, session: string) {
  const response = await fetch(`${url}/api/chat`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-User-ID': 'test', 'X-Session-ID': session },
    body: JSON.stringify({ message }),
  });
  return { headers: response.headers, body: answerSchema.parse(await response.json()) };
}

async function replicaThatAnswers(): Promise<string | null> {
  const response = await fetch(`${url}/api/health`);
  await response.body?.cancel();
  return response.headers.get('x-replica');
}

describe('npm run up', () => {
  test('answers, keeps what dies alive, and ends with Ctrl-C without leaving a process', async () => {
    const launcher = launch('--fresh', '--replicas', '2');
    await launcher.says(/^Ready after/);

    const { headers, body } = await ask('What is the launcher for?', 'first');
    expect(body.sources[0]?.question).toBe('What is the launcher for?');
    expect(headers.get('x-ratelimit-limit')).toBe('4321');

    const second = launch();
    expect(await second.exited()).toBe(1);
    expect(second.lines.join('\n')).toContain(`runs here already (process ${launcher.pid})`);

    const replica = readStackFile().services.find(({ name }) => name === 'replica-1');
    expect(signalProcess(replica?.pid ?? 0, 'SIGKILL')).toBe(true);
    await launcher.says(/replica-1 is back/);
    await until(async () => (await replicaThatAnswers()) === 'replica-1');

    const all = listProcessTree(launcher.pid);
    signalProcess(launcher.pid, 'SIGINT');
    expect(await launcher.exited()).toBe(0);
    await isGone(all);
  });

  test('goes on with the data of the last time, and with the same secrets, which only we can read', async () => {
    const secrets = readFileSync(join(folder, '.local/secrets.json'), 'utf8');
    const launcher = launch('--replicas', '1');
    await launcher.says(/^Ready after/);

    const history = await fetch(`${url}/api/session/first/history`, {
      headers: { 'X-User-ID': 'test', 'X-Session-ID': 'first' },
    });
    expect(JSON.stringify(await history.json())).toContain('What is the launcher for?');
    expect(readFileSync(join(folder, '.local/secrets.json'), 'utf8')).toBe(secrets);
    expect(readStackFile()).toMatchObject({
      pid: launcher.pid,
      services: [{ name: 'replica-1' }, {}, {}, {}, {}],
    });
    for (const file of ['secrets.json', 'stack.json', 'certificate/localhost.key']) {
      expect(statSync(join(folder, '.local', file)).mode & 0o077, file).toBe(0);
    }

    signalProcess(launcher.pid, 'SIGTERM');
    expect(await launcher.exited()).toBe(0);
  });

  test('leaves no process behind when it is killed itself, and starts again', async () => {
    const killed = launch('--replicas', '1');
    await killed.says(/^Ready after/);
    const all = listProcessTree(killed.pid);
    signalProcess(killed.pid, 'SIGKILL');
    await isGone(all);

    const launcher = launch('--replicas', '1');
    await launcher.says(/^Ready after/);
    signalProcess(launcher.pid, 'SIGHUP');
    expect(await launcher.exited()).toBe(0);
  });

  test('stopped in the middle of its start, it takes along what runs by then', async () => {
    const launcher = launch('--replicas', '1');
    await launcher.says(/Redis, Postgres and Chroma:/);
    const all = listProcessTree(launcher.pid);
    signalProcess(launcher.pid, 'SIGINT');
    expect(await launcher.exited()).toBe(0);
    await isGone(all);
  });

  test('says what is wrong with an argument', async () => {
    const launcher = launch('--replicas', '0');
    expect(await launcher.exited()).toBe(1);
    expect(launcher.lines.join('\n')).toContain('--replicas 0: must be a whole number from 1 to 32');
  });

  test('says which port is taken', async () => {
    const holder = createServer().listen(Number(new URL(url).port), '127.0.0.1');
    await once(holder, 'listening');
    const launcher = launch();
    expect(await launcher.exited()).toBe(1);
    holder.close();
    expect(launcher.lines.join('\n')).toContain(`Port ${new URL(url).port} of 127.0.0.1 is taken`);
  });
});
