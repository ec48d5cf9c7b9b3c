import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureCertificate } from '../../infra/local/certificate.ts';
import { ask } from './ask.ts';
import { setGeminiScript } from './gemini-script.ts';
import { type Load, startLoad } from './load.ts';
import { type ComposeProject, createComposeProject, readEnvFile, testSettings } from './project.ts';

let project: ComposeProject;
let load: Load;
/** Long enough for requests with both values, short enough for a test. */
const overlap = { ROTATION_OVERLAP: '6' };

beforeAll(async () => {
  project = await createComposeProject({ env: { ...testSettings, ...overlap } });
  await project.compose('up', '--detach', '--build', '--scale', 'api=2', '--wait');
  await setGeminiScript(project, { latencyMs: 100 });
  load = startLoad(project.httpUrl);
});
afterAll(async () => {
  await load?.stop();
  await project?.remove();
});

const rotate = (name: string, ...more: string[]) =>
  project.script('infra/operations/rotate-secret.sh', [name, ...more]);

const statisticsStatus = async (token: string) =>
  (await fetch(`${project.httpUrl}/api/statistics`, { headers: { Authorization: `Bearer ${token}` } }))
    .status;

const readSecret = (path: string) => project.compose('exec', '-T', 'api', 'cat', `/run/secrets/${path}`);

it('takes a new admin token beside the old one, then refuses the old one', async () => {
  const rotating = rotate('ADMIN_TOKEN');
  await expect.poll(() => readSecret('service/admin-token'), { timeout: 20_000 }).toContain(',');
  await expect.poll(() => statisticsStatus((readToken() ?? '').trim()), { timeout: 5000 }).toBe(200);
  expect(await statisticsStatus(testSettings.ADMIN_TOKEN)).toBe(200);
  const token = (await rotating).trim();
  expect(await statisticsStatus(token)).toBe(200);
  expect(await statisticsStatus(testSettings.ADMIN_TOKEN)).toBe(401);
  expect(readToken()).toBe(token);
});
const readToken = () => /^ADMIN_TOKEN=(.*)$/m.exec(readEnvFile(project))?.[1];

it('asks Gemini with the new key only', async () => {
  await project.script('infra/operations/rotate-secret.sh', ['GEMINI_API_KEY'], {
    input: 'new-key-of-the-tests',
  });
  await setGeminiScript(project, { latencyMs: 100, refusedKeys: [testSettings.GEMINI_API_KEY] });
  const answer = await ask(project.httpUrl, 'When is the library in Garching open on the first of May?');
  expect(answer.answered_by).toBe('model');
  expect(readEnvFile(project)).toContain('GEMINI_API_KEY=new-key-of-the-tests');
});

it('gives Redis a new password', async () => {
  const old = await readSecret('redis/password');
  await rotate('REDIS_PASSWORD');
  const login = (password: string) =>
    project.compose('exec', '-T', 'redis', 'redis-cli', '--no-auth-warning', '-a', password, 'PING');
  expect(await login(old)).not.toContain('PONG');
  expect(await login(await readSecret('redis/password'))).toContain('PONG');
  await project.compose('restart', 'redis');
  await expect.poll(healthStatus, { timeout: 30_000 }).toBe('healthy');
});

it('gives Postgres a new password', async () => {
  const old = await readSecret('postgres/password');
  await rotate('DATABASE_PASSWORD');
  const login = (password: string) =>
    project.tryCompose(
      ...['exec', '-T', '-e', `PGPASSWORD=${password}`, 'postgres'],
      ...['psql', '--host=postgres', '--username=tum_chatbot', '--command=select 1'],
    );
  expect((await login(old)).exitCode).not.toBe(0);
  expect((await login(await readSecret('postgres/password'))).exitCode).toBe(0);
  await expect.poll(healthStatus, { timeout: 30_000 }).toBe('healthy');
});

it('shows a new certificate', async () => {
  const folder = join(project.folder, 'new-certificate');
  mkdirSync(folder);
  const { certificateFile, keyFile } = await ensureCertificate(folder);
  const before = await readFingerprint();
  await rotate('certificate', certificateFile, keyFile);
  await expect.poll(readFingerprint, { timeout: 10_000 }).not.toBe(before);
  writeFileSync(join(folder, 'other.key'), 'not a key');
  const refused = await project.tryScript('infra/operations/rotate-secret.sh', [
    'certificate',
    certificateFile,
    join(folder, 'other.key'),
  ]);
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toContain('the key that belongs to it');
});

it('failed no request meanwhile', async () => {
  const { failures, json, streams } = await load.stop();
  console.log({ json, streams, failures: failures.length });
  // Redis was restarted on purpose: an answer then may do without it, but it is given.
  expect(failures).toEqual([]);
});

async function healthStatus(): Promise<string> {
  const reply = await fetch(`${project.httpUrl}/health`);
  return ((await reply.json()) as { status: string }).status;
}

function readFingerprint(): Promise<string> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(project.httpsUrl);
    const socket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
