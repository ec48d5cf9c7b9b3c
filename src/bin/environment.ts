import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { readInstitution } from '../adapters/institution/read-institution.ts';
import { InstitutionError } from '../adapters/institution/read-yaml.ts';
import { type Config, ConfigError, parseConfig } from '../config/parse-config.ts';
import type { Institution } from '../domain/institution.ts';

/** The project's root is two levels up, from src/bin and from dist/bin. */
export const rootPath = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const stackSchema = z.object({ env: z.record(z.string(), z.string()) });

/** Variables of the stack that `npm run up` runs from this checkout; none when it does not run. */
function readStackVariables(): Record<string, string> {
  try {
    return stackSchema.parse(JSON.parse(readFileSync(rootPath('.local/stack.json'), 'utf8'))).env;
  } catch {
    return {};
  }
}

/**
 * Settings for an operator's command: what the environment says, else the stack that runs from this checkout.
 * Prints every problem and ends the process when a value is wrong.
 */
export function readCommandConfig(): Config {
  try {
    return parseConfig({ ...readStackVariables(), ...process.env });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(2);
  }
}

/** The institution's files. Prints every fault and ends the process when they cannot be used. */
export function openInstitution({ institutionPath }: Pick<Config, 'institutionPath'>): Institution {
  try {
    return readInstitution(resolve(rootPath('.'), institutionPath));
  } catch (error) {
    if (!(error instanceof InstitutionError)) throw error;
    console.error(error.message);
    process.exit(2);
  }
}
