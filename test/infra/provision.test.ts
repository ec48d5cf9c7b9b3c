import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../infra/operations/provision.ts', import.meta.url));
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'provision-'));
  for (const part of ['service', 'redis', 'postgres']) mkdirSync(join(folder, part));
});
afterEach(() => rmSync(folder, { recursive: true }));

const set = (name: string, value: string) =>
  spawnSync(process.execPath, ['--import', 'tsx', script, 'set', name], {
    input: value,
    encoding: 'utf8',
    env: { ...process.env, SECRETS_FOLDER: folder },
  });

test.each([
  ['short', 2],
  ['long-enough-as-a-token,short', 2],
  ['long-enough-as-a-token', 0],
  ['long-enough-as-a-token,another-that-is-long', 0],
])('an operators’ token %s: exit code %i, and nothing too short is written', (value, exitCode) => {
  const { status, stderr } = set('ADMIN_TOKEN', value);
  expect(status, stderr).toBe(exitCode);
  const file = join(folder, 'service/admin-token');
  if (exitCode === 0) expect(readFileSync(file, 'utf8')).toBe(value);
  else expect(existsSync(file)).toBe(false);
});
