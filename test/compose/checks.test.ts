import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/telemetry/logger.ts';
import { ask } from './ask.ts';
import { type ComposeProject, createComposeProject, testSettings } from './project.ts';
import { type RunResult, tryRun } from './run.ts';

let project: ComposeProject;
let server: Server;
let folder: string;
/** What the webhook was sent. */
const posts: string[] = [];
/** What the webhook answers. */
let webhookStatus = 200;
/** What the health endpoint answers. */
let health = { statusCode: 200, body: '{"status":"healthy"}' };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'checks-'));
  mkdirSync(join(folder, 'bin'));
  const mail = join(folder, 'bin', 'mail');
  writeFileSync(mail, `#!/bin/sh\n{ echo "$@"; cat; } >>${folder}/mails\n`);
  chmodSync(mail, 0o755);
  server = createServer((request, response) => {
    if (request.method === 'GET') return response.writeHead(health.statusCode).end(health.body);
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      posts.push(body);
      response.writeHead(webhookStatus).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  project = await createComposeProject({ env: testSettings });
});
afterAll(async () => {
  server?.close();
  await project?.remove();
  rmSync(folder, { recursive: true, force: true });
});

function check(script: string, env: Readonly<Record<string, string>> = {}): Promise<RunResult> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return tryRun(join(project.folder, 'infra/operations', script), [], {
    env: {
      COMPOSE_PROJECT_NAME: project.name,
      COMPOSE_FILE: 'compose/docker-compose.yml:test/compose/gemini.yml',
      PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
      HEALTH_URL: `${url}/api/health`,
      ALERT_WEBHOOK: `${url}/webhook`,
      ALERT_EMAIL: 'operators@example.org',
      ALERT_STATE_FOLDER: join(folder, 'alerts'),
      ...env,
    },
  });
}

const mails = () => (existsSync(join(folder, 'mails')) ? readFileSync(join(folder, 'mails'), 'utf8') : '');

describe('check-health.sh', () => {
  it('is silent while people are answered', async () => {
    expect((await check('check-health.sh')).exitCode).toBe(0);
    expect(posts).toEqual([]);
    expect(mails()).toBe('');
  });

  it('tells once that something is away, once when it is worse, and once when it is over', async () => {
    health = {
      statusCode: 200,
      body: '{"status":"degraded","services":{"redis":{"state":"down","latency":null}}}',
    };
    expect((await check('check-health.sh')).exitCode).toBe(1);
    expect((await check('check-health.sh')).exitCode).toBe(1);
    expect(posts).toEqual([expect.stringContaining('WARNING: the service does without: redis')]);
    health = { statusCode: 503, body: '{"status":"unhealthy"}' };
    await check('check-health.sh');
    expect(posts[1]).toContain('CRITICAL: the service does not answer (HTTP 503');
    health = { statusCode: 200, body: '{"status":"healthy"}' };
    expect((await check('check-health.sh')).exitCode).toBe(0);
    expect(posts[2]).toContain('OK: the service is healthy');
    expect(posts).toHaveLength(3);
    expect(mails().match(/operators@example.org/g)).toHaveLength(3);
    for (const post of posts) expect(() => JSON.parse(post)).not.toThrow();
  });

  it('tells again what a webhook did not take, and no second time by mail', async () => {
    posts.length = 0;
    const mailsBefore = mails().length;
    health = { statusCode: 503, body: '{"status":"unhealthy"}' };
    webhookStatus = 500;
    expect((await check('check-health.sh')).stderr).toContain('The webhook could not be called');
    webhookStatus = 200;
    await check('check-health.sh');
    await check('check-health.sh');
    expect(posts).toHaveLength(2);
    expect(
      mails()
        .slice(mailsBefore)
        .match(/operators@example.org/g),
    ).toHaveLength(1);
    health = { statusCode: 200, body: '{"status":"healthy"}' };
    await check('check-health.sh');
  });
});

describe('check-system.sh and check-logs.sh', () => {
  it('tell that they could not look', async () => {
    for (const script of ['check-system', 'check-logs']) {
      posts.length = 0;
      expect((await check(`${script}.sh`, { DOCKER_HOST: 'unix:///away.sock' })).exitCode).toBe(1);
      expect(posts.at(-1)).toMatch(new RegExp(`CRITICAL: ${script} could not look`));
    }
  });

  it('tell of a container that is not well, and of no backup', async () => {
    await project.compose('up', '--detach', '--build', '--wait');
    posts.length = 0;
    const whileWell = await check('check-system.sh');
    expect(whileWell.stderr).toContain('ok: 1 of 1 redis containers are healthy');
    expect(whileWell.stderr).toMatch(/ok: the certificate holds/);
    expect(whileWell.stderr).toMatch(/the disk at \/ is \d+% full/);
    expect(whileWell.stderr).toMatch(/\d+% of the memory is in use/);
    expect(posts.join('\n')).toContain('OK: check-system looked everywhere');
    expect(posts.join('\n')).toContain('WARNING: no backup in backups is younger than 26 hours');
    await project.compose('stop', 'chroma');
    expect((await check('check-system.sh')).exitCode).toBe(1);
    expect(posts.at(-1)).toContain('CRITICAL: 0 of 1 chroma containers are healthy');
    await project.compose('start', 'chroma');
  });

  it('count the errors of the last hour, the model away and replicas that crashed', async () => {
    expect((await check('check-logs.sh')).stderr).toContain('ok: Gemini was found out 0 times');
    await project.compose('stop', 'gemini');
    await expect
      .poll(
        async () => {
          await ask(project.httpUrl, `When is the library open? ${Math.random()}`);
          return (await logLines()).filter(({ msg }) => msg === 'gemini is out').length;
        },
        { timeout: 60_000 },
      )
      .toBe(1);
    await logAsReplica('uncaughtException');
    const errors = (await logLines()).filter(({ level }) => level === 'ERROR' || level === 'CRITICAL').length;

    const { exitCode, stderr } = await check('check-logs.sh', { LOG_ERROR_THRESHOLD: String(errors - 1) });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(new RegExp(`(warning|critical): ${errors} errors in the last hour`));
    expect(stderr).toContain('warning: Gemini was found out 1 times in the last hour');
    expect(stderr).toContain('warning: 1 replicas ended by an error in the last hour');
    const withinLimit = await check('check-logs.sh', { LOG_ERROR_THRESHOLD: String(errors) });
    expect(withinLimit.stderr).toContain(`ok: ${errors} errors in the last hour`);
  });
});

async function logLines(): Promise<{ level?: string; msg?: string }[]> {
  const logs = await project.compose('logs', '--no-color', '--no-log-prefix', 'api');
  return logs
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}

/** A fatal line as the service writes it, on the replica's own output. */
async function logAsReplica(message: string): Promise<void> {
  let line = '';
  const output = {
    write(text: string) {
      line = text;
    },
  };
  const options = { level: 'info', file: '', maxFileBytes: 1, backupCount: 1 } as const;
  (await createLogger(options, 'replica', { output })).fatal({ err: new Error('broken') }, message);
  await project.compose('exec', '-T', '--env', `LINE=${line.trim()}`, 'api', ...echoLine);
}
const echoLine = ['sh', '-c', 'printf "%s\\n" "$LINE" >/proc/1/fd/1'];
