import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { installPrograms } from '../../infra/local/programs.ts';
import { projectPath } from '../../infra/local/project-root.ts';
import { run } from './run.ts';

it('finds nothing to say about the shell scripts', async () => {
  installPrograms(['shellcheck'], console.log);
  const listed = await run(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '*.sh', '.ci/run'],
    {
      cwd: projectPath('.'),
    },
  );
  const { stdout } = spawnSync(
    'shellcheck',
    ['--external-sources', '--source-path', 'infra/operations', ...listed.trim().split('\n')],
    { cwd: projectPath('.'), encoding: 'utf8' },
  );
  expect(stdout).toBe('');
});
