/** `npm test`: works on a fresh clone, so nothing from npm is imported before it is installed. */
import { ensureDependencies } from './dependencies.mjs';

ensureDependencies();
const { register } = await import('tsx/esm/api');
register();
const { runTests } = await import('./run-tests.ts');
process.exitCode = await runTests(process.argv.slice(2));
