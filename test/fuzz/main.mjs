/** `npm run fuzz`: the properties below test/fuzz and test/system/fuzz with ten times the cases of `npm test`; arguments go to vitest. */
import { spawnSync } from 'node:child_process';
import { ensureDependencies } from '../../infra/local/dependencies.mjs';

ensureDependencies();
const { register } = await import('tsx/esm/api');
register();
const { installPrograms } = await import('../../infra/local/programs.ts');
installPrograms(['redis-server', 'nginx']);

const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '/fuzz/', ...process.argv.slice(2)],
  { stdio: 'inherit', env: { FUZZ_CASES: '20000', ...process.env } },
);
process.exitCode = status ?? 1;
