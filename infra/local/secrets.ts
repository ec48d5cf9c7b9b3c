import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const secretsSchema = z.object({
  adminToken: z.string().min(16),
  anonymizeSalt: z.string().min(16),
  postgresPassword: z.string().min(16),
  /** Absent in a file of an earlier release. */
  proxySecret: z.string().min(16).optional(),
});
type KeptSecrets = z.infer<typeof secretsSchema>;
export type Secrets = KeptSecrets & { readonly proxySecret: string };

/** Secrets that are made once, and kept in a file that only its owner can read. */
export function ensureSecrets(file: string): Secrets {
  const kept = readSecrets(file);
  if (kept && isComplete(kept)) return kept;
  const makeSecret = () => randomBytes(24).toString('base64url');
  const made = { adminToken: makeSecret(), anonymizeSalt: makeSecret(), postgresPassword: makeSecret() };
  const secrets = { ...made, ...kept, proxySecret: makeSecret() };
  writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  return secrets;
}

const isComplete = (secrets: KeptSecrets): secrets is Secrets => secrets.proxySecret !== undefined;

function readSecrets(file: string): KeptSecrets | undefined {
  try {
    return secretsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Error(`${file} is damaged. Start with --fresh, which makes new secrets for new data.`, {
      cause: error,
    });
  }
}
