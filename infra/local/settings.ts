import { readFileSync, statSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { environmentSchema } from '../../src/config/parse-config.ts';

/** The launcher's own business: nobody else's addresses, ports and passwords fit its servers. */
const givenByLauncher = [
  'SERVER_HOST',
  'SERVER_PORT',
  'METRICS_PORT',
  'REPLICA_ID',
  'REDIS_URL',
  'REDIS_PASSWORD',
  'DATABASE_URL',
  'DATABASE_PASSWORD',
  'CHROMA_URL',
];

const settingNames = Object.keys(environmentSchema.shape).flatMap((name) => [name, `${name}_FILE`]);

/** An environment for the service's processes with these settings and no others. */
export function environmentWith(settings: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const strange = new Set([...settingNames, 'NODE_ENV']);
  const rest = Object.entries(process.env).filter(([name]) => !strange.has(name));
  return { ...Object.fromEntries(rest), ...settings };
}

/**
 * The service's settings from the environment and, behind it, from a .env file; blank means unset.
 * A .env file's ENVIRONMENT is left out: it is written for containers, and what runs here is development.
 */
export function readSettings(environment: NodeJS.ProcessEnv, envFile: string): Record<string, string> {
  const { ENVIRONMENT: _, ...fromFile } = readEnvFile(envFile);
  const all = { ...fromFile, ...dropBlank(environment) };
  const givenByUser = settingNames.filter((name) => !givenByLauncher.includes(name.replace(/_FILE$/, '')));
  return Object.fromEntries(
    givenByUser.flatMap((name) => {
      const value = all[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Secrets are in it. Where files have no modes there is nothing to warn of. */
export function findReadableByOthers(envFile: string): string | undefined {
  const mode = statSync(envFile, { throwIfNoEntry: false })?.mode ?? 0;
  if (process.platform === 'win32' || (mode & 0o077) === 0) return undefined;
  return `WARNING: others can read ${envFile}, which holds secrets: chmod 600 ${envFile}`;
}

function readEnvFile(path: string): Record<string, string> {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch {
    return {}; // there need not be one
  }
  return dropBlank(parseEnv(content));
}

function dropBlank(variables: NodeJS.Dict<string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => {
      const trimmed = value?.trim();
      return trimmed ? [[name, trimmed]] : [];
    }),
  );
}
