import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { build } from './build.mjs';
import { installPrograms } from './programs.ts';
import { projectPath } from './project-root.ts';

const reportFile = '.local/test-report.json';

const reportSchema = z.object({
  success: z.boolean(),
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  testResults: z.array(
    z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) }),
  ),
});

/** The read-only checks of `npm run check` beside the unit tests, which run with all others. */
const checks = ['format', 'lint', 'typecheck'];

/**
 * Checks, builds and runs every test; the arguments go to vitest.
 * The last line is "N passed, N failed", where a failed check counts as one.
 * @returns the exit code
 */
export async function runTests(vitestArguments: readonly string[]): Promise<number> {
  process.chdir(projectPath('.'));
  installPrograms(['redis-server', 'nginx', 'chromium']);
  const failedChecks = checks.filter((check) => run('npm', ['run', '--silent', check]) !== 0);
  await build();

  mkdirSync('.local', { recursive: true });
  rmSync(reportFile, { force: true });
  const vitest = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
  const status = run(process.execPath, ['node_modules/vitest/vitest.mjs', ...vitest, ...vitestArguments]);

  const { passed, failed } = countTests(status);
  for (const check of failedChecks) console.log(`npm run ${check} failed; see above`);
  console.log(`\n${passed} passed, ${failed + failedChecks.length} failed`);
  return failed + failedChecks.length === 0 ? 0 : 1;
}

const run = (program: string, programArguments: readonly string[]) =>
  spawnSync(program, programArguments, { stdio: 'inherit' }).status;

function countTests(status: number | null): { passed: number; failed: number } {
  const report = readReport();
  if (report === undefined) return { passed: 0, failed: 1 }; // vitest itself broke off
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((result) => result.status !== 'failed'),
  ).length;
  const failed = report.numFailedTests + brokenFiles;
  // An error outside of all tests fails the run as well.
  return { passed: report.numPassedTests, failed: failed === 0 && status !== 0 ? 1 : failed };
}

function readReport() {
  try {
    return reportSchema.parse(JSON.parse(readFileSync(reportFile, 'utf8')));
  } catch {
    return undefined;
  }
}
