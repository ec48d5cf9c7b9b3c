import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const secretsSchema = z.object({
  adminToken: z.string().min(16),
  anonymizeSalt: z.string().min(16),
  postgresPassword: z.string().min(16),
});
export type Secrets = z.infer<typeof secretsSchema>;

/** Secrets that are made once, and kept in a file that only its owner can read. */
export function ensureSecrets(file: string): Secrets {
  const kept = readSecrets(file);
  if (kept) return kept;
  const makeSecret = () => randomBytes(24).toString('base64url');
  const secrets = { adminToken: makeSecret(), anonymizeSalt: makeSecret(), postgresPassword: makeSecret() };
  writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  return secrets;
}

function readSecrets(file: string): Secrets | undefined {
  try {
    return secretsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Error(`${file} is damaged. Start with --fresh, which makes new secrets for new data.`, {
      cause: error,
    });
  }
}
