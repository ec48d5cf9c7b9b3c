import { isIP } from 'node:net';
import { openAccessStack } from '../composition/access.ts';
import { isDependencyError } from '../domain/errors.ts';
import { readCommandConfig } from './environment.ts';

const usage = `Usage: npm run unblock -- ADDRESS

Lets an address use the operators' token again that wrong ones locked out, and forgets what it has used of its limits.`;

const [given = '', ...rest] = process.argv.slice(2);
if (isIP(given.replace(/\/64$/, '')) === 0 || rest.length > 0) {
  console.error(usage);
  process.exit(2);
}
try {
  const stack = await openAccessStack(readCommandConfig());
  try {
    const { address, wasLocked } = await stack.unblock(given.replace(/\/64$/, ''));
    const lockOut = wasLocked ? 'its lock-out is lifted' : 'it was not locked out';
    console.log(`${address}: ${lockOut}, and its limits begin anew`);
  } finally {
    stack.close();
  }
} catch (error) {
  console.error(isDependencyError(error) ? error.message : error);
  process.exitCode = 1;
}
