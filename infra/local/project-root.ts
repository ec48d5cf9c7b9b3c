import { fileURLToPath } from 'node:url';

/** A path below the project's root. */
export const projectPath = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
