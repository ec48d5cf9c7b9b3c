import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask } from './ask.ts';
import { type ComposeProject, createComposeProject, testSettings } from './project.ts';
import { tryRun } from './run.ts';

let project: ComposeProject;
let backup: string;
const caller = { 'X-User-ID': 'alice', 'X-Session-ID': 'a-session-to-keep' };
const asAdmin = { Authorization: `Bearer ${testSettings.ADMIN_TOKEN}` };

beforeAll(async () => {
  project = await createComposeProject({ env: testSettings });
  await project.compose('up', '--detach', '--build', '--scale', 'api=2', '--wait');
  for (const place of ['Garching', 'Weihenstephan', 'Munich']) {
    await ask(project.httpUrl, `When is the library in ${place} open?`, caller);
  }
});
afterAll(async () => {
  await project?.remove();
});

async function getJson(path: string, headers: Readonly<Record<string, string>>): Promise<unknown> {
  const reply = await fetch(`${project.httpUrl}${path}`, { headers });
  expect(reply.status).toBe(200);
  return reply.json();
}

async function countInteractions(): Promise<number> {
  const { statistics } = (await getJson('/api/statistics', asAdmin)) as {
    statistics: { total_interactions: number };
  };
  return statistics.total_interactions;
}

async function readTurns(): Promise<unknown> {
  const { turns } = (await getJson(`/api/session/${caller['X-Session-ID']}/history`, {
    'X-User-ID': caller['X-User-ID'],
  })) as { turns: unknown[] };
  return turns;
}

const certificateFiles = ['/run/certificate/tls.crt', '/run/certificate/tls.key'];
const readCertificate = async () =>
  (await project.compose('exec', '-T', 'nginx', 'cat', ...certificateFiles)).trim();

it('keeps nothing of a backup that was interrupted, in a folder as the caller sees it', async () => {
  const elsewhere = join(project.folder, 'infra');
  const interrupted = await tryRun(
    'timeout',
    ['--foreground', '2', join(project.folder, 'infra/operations/backup.sh'), 'here'],
    { cwd: elsewhere, env: { COMPOSE_PROJECT_NAME: project.name } },
  );
  expect(interrupted.exitCode).toBe(124);
  expect(readdirSync(join(elsewhere, 'here'))).toEqual([]);
});

it('backs up the running system', async () => {
  await expect.poll(countInteractions, { timeout: 20_000 }).toBe(3);
  backup = (await project.script('infra/operations/backup.sh', ['backups'])).trim();
  expect(backup).toMatch(/^backups\/\d{8}T\d{6}Z$/);
  const read = (file: string) => readFileSync(join(project.folder, file), 'utf8');
  expect(read(`${backup}/env`)).toBe(read('.env'));
  expect(read(`${backup}/certificate.pem`).trim()).toBe(await readCertificate());
});

it('proves in a drill, beside the running system, that the backup can be restored', async () => {
  const report = await project.script('infra/operations/restore-drill.sh', [backup]);
  expect(report).toMatch(/succeeded: restored in \d+ s/);
  console.log(report.trim());
  await ask(project.httpUrl, 'When is the library in Garching open?');
});

it('has statistics, knowledge and sessions as before when everything was lost', async () => {
  const turns = await readTurns();
  // Three, and the one asked after the drill.
  await expect.poll(countInteractions, { timeout: 20_000 }).toBe(4);
  const last = (await project.script('infra/operations/backup.sh', ['backups'])).trim();
  const certificate = await readCertificate();
  await project.compose('down', '--volumes');

  await project.script('infra/operations/restore.sh', [last, '--replicas', '2']);
  expect(await readTurns()).toEqual(turns);
  expect(await countInteractions()).toBe(4);
  expect(await readCertificate()).toBe(certificate);
  const health = (await getJson('/health', {})) as { status: string; knowledge: unknown };
  expect(health).toMatchObject({ status: 'healthy', knowledge: { version: 1 } });
  const answer = await ask(project.httpUrl, 'When is the library in Garching open?', caller);
  expect(answer.sources.length).toBeGreaterThan(0);
});

it('refuses a backup that is damaged, and changes nothing', async () => {
  appendFileSync(join(project.folder, backup, 'redis.rdb'), 'x');
  const { exitCode, stderr } = await project.tryScript('infra/operations/restore.sh', [backup]);
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain('is damaged');
  await ask(project.httpUrl, 'When is the library in Garching open?');
});
