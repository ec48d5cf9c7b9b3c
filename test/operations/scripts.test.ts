import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findReadableByOthers } from '../../infra/local/settings.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'operations-'));
  cpSync('infra/operations', join(folder, 'infra/operations'), { recursive: true });
  mkdirSync(join(folder, 'bin'));
  program('mail', 'cat >/dev/null');
  // Nobody in particular, so that the folder of state is in the home that the test gives.
  program('id', 'echo 1000');
});

afterEach(() => rmSync(folder, { recursive: true }));

function program(name: string, script: string): void {
  writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'bin', name), 0o755);
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

function bash(script: string, env: Readonly<Record<string, string>> = {}) {
  return new Promise<{ exitCode: number; stderr: string }>((resolve) => {
    const variables = {
      PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
      HOME: join(folder, 'home'),
      TMPDIR: folder,
      ...env,
    };
    execFile('bash', ['-c', script], { cwd: folder, env: variables }, (error, _, stderr) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code), stderr }),
    );
  });
}

/** Nobody listens there, so that there is something to tell. */
const failingCheck = { HEALTH_URL: 'http://127.0.0.1:1/', ALERT_EMAIL: 'operators@example.org' };
const checkHealth = 'infra/operations/check-health.sh';

describe('what the checks have told', () => {
  test('is kept in a folder of their own, and never behind a link that waits under /tmp', async () => {
    const victim = join(folder, 'victim');
    writeFileSync(victim, 'precious');
    mkdirSync(join(folder, 'tum-chatbot-alerts'));
    symlinkSync(victim, join(folder, 'tum-chatbot-alerts/health.mail'));
    expect((await bash(checkHealth, failingCheck)).exitCode).toBe(1);
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    const state = join(folder, 'home/.local/state/tum-chatbot/alerts');
    expect(modeOf(state)).toBe('700');
    expect(readFileSync(join(state, 'health.mail'), 'utf8')).toBe('critical\n');
  });

  test('is root’s alone, under /var/lib, for root', () => {
    const script = readFileSync('infra/operations/alert.sh', 'utf8');
    expect(script).toContain('-eq 0 ]; then state_folder=/var/lib/tum-chatbot/alerts');
  });

  test('is not written through a folder that is a link', async () => {
    mkdirSync(join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'alerts'));
    const state = { ALERT_STATE_FOLDER: join(folder, 'alerts') };
    const { exitCode, stderr } = await bash(checkHealth, { ...failingCheck, ...state });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('is a link');
  });
});

describe('.env', () => {
  test('is its owner’s alone after a script wrote it, and keeps what else is in it', async () => {
    const file = join(folder, '.env');
    writeFileSync(file, 'A=1\nADMIN_TOKEN=old\nB=2\n', { mode: 0o644 });
    await bash('source infra/operations/common.sh; set_setting ADMIN_TOKEN new');
    expect(readFileSync(file, 'utf8')).toBe('A=1\nB=2\nADMIN_TOKEN=new\n');
    expect(modeOf(file)).toBe('600');
    expect(readFileSync('infra/operations/rotate-secret.sh', 'utf8')).not.toContain('chmod --reference');
  });

  test('is warned of while others can read it', async () => {
    const file = join(folder, '.env');
    const source = 'source infra/operations/common.sh';
    expect((await bash(source)).stderr).toBe('');
    expect(findReadableByOthers(file)).toBeUndefined();
    writeFileSync(file, 'ADMIN_TOKEN=x\n');
    chmodSync(file, 0o640);
    expect((await bash(source)).stderr).toContain('others can read .env');
    expect(findReadableByOthers(file)).toContain('others can read');
    chmodSync(file, 0o600);
    expect((await bash(source)).stderr).toBe('');
    expect(findReadableByOthers(file)).toBeUndefined();
  });
});
