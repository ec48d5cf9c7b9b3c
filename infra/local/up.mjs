/** `npm run up`: works on a fresh clone, so nothing from npm is imported before it is installed. */
import { ensureDependencies } from './dependencies.mjs';

ensureDependencies();
const { register } = await import('tsx/esm/api');
register();
const { up } = await import('./up.ts');
await up();
