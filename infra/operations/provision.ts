/**
 * What has to be there before the containers start: secrets as files, each in the folder of those who may read it, and
 * a first certificate. What the environment gives is taken. What it does not give is kept as it is: a script or an earlier
 * start has set it, and a list of keys that became empty would let everyone in. What is missing and needed is made.
 *
 *   node provision.ts               all of it
 *   node provision.ts set NAME      one secret, its value from standard input
 *   node provision.ts certificate   certificate and key, one after the other, from standard input
 */
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureCertificate } from '../local/certificate.ts';

const secretsFolder = process.env.SECRETS_FOLDER ?? '/run/secrets';
const certificateFolder = process.env.CERTIFICATE_FOLDER ?? '/run/certificate';

/** Other providers have credentials of their own, or none. */
const usesGemini = (process.env.MODEL_PROVIDER || 'gemini') === 'gemini';

/** `isMade`: nothing works without it, so that one is made when none is given. */
const secrets = {
  GEMINI_API_KEY: { file: 'service/gemini-api-key', isMade: false },
  OPENAI_API_KEY: { file: 'service/openai-api-key', isMade: false },
  ADMIN_TOKEN: { file: 'service/admin-token', isMade: false },
  CLIENT_API_KEYS: { file: 'service/client-api-keys', isMade: false },
  ANONYMIZE_SALT: { file: 'service/anonymize-salt', isMade: true },
  REDIS_PASSWORD: { file: 'redis/password', isMade: true },
  DATABASE_PASSWORD: { file: 'postgres/password', isMade: true },
  PROXY_SECRET: { file: 'proxy/secret', isMade: true },
} as const;
type SecretName = keyof typeof secrets;
const secretNames = Object.keys(secrets) as SecretName[];
const leastTokenLength = 16;

/** Readers see the old content or the new one. The group is how the other containers' users get in. */
function replaceFile(path: string, content: string): void {
  const temporary = `${path}.new`;
  writeFileSync(temporary, content, { mode: 0o640 });
  renameSync(temporary, path);
}

/** As the service's own check, so that nothing is written that it would refuse. */
function refuseShort(name: SecretName, value: string): void {
  const parts = name === 'ADMIN_TOKEN' ? value.split(',').map((part) => part.trim()) : [value.trim()];
  if (name !== 'ADMIN_TOKEN' && name !== 'ANONYMIZE_SALT') return;
  if (parts.some((part) => part !== '' && part.length < leastTokenLength))
    fail(`${name} must have at least ${leastTokenLength} characters, each if there are several`);
}

function setSecret(name: SecretName, value: string): void {
  refuseShort(name, value);
  replaceFile(join(secretsFolder, secrets[name].file), value);
  if (name === 'REDIS_PASSWORD')
    replaceFile(join(secretsFolder, 'redis/password.conf'), `requirepass ${value}\n`);
}

function provisionSecret(name: SecretName): void {
  const path = join(secretsFolder, secrets[name].file);
  const kept = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  const first = secrets[name].isMade ? randomBytes(24).toString('base64url') : '';
  const value = given(name) ?? kept ?? first;
  if (name === 'GEMINI_API_KEY' && value === '' && usesGemini) {
    fail(
      'GEMINI_API_KEY is not set. Put the key of your Gemini API into .env, or choose another MODEL_PROVIDER',
    );
  }
  if (value === kept) return;
  setSecret(name, value);
  if (value !== '')
    console.log(`${name}: ${given(name) === undefined ? 'made' : 'taken from the environment'}`);
}

function given(name: SecretName): string | undefined {
  const value = process.env[name]?.trim();
  if (name === 'REDIS_PASSWORD' && value && /[\s"'\\]/.test(value)) {
    fail('REDIS_PASSWORD may not hold white space, quotes or backslashes');
  }
  return value || undefined;
}

function setCertificate(certificate: string, key: string): void {
  if (!isPair(certificate, key)) fail('This is not a certificate in PEM and the key that belongs to it');
  replaceFile(join(certificateFolder, 'tls.key'), key);
  replaceFile(join(certificateFolder, 'tls.crt'), certificate);
}

function isPair(certificate: string, key: string): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

async function provisionCertificate(): Promise<void> {
  if (existsSync(join(certificateFolder, 'tls.crt')) && existsSync(join(certificateFolder, 'tls.key')))
    return;
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  const { certificateFile, keyFile } = await ensureCertificate(folder);
  setCertificate(readFileSync(certificateFile, 'utf8'), readFileSync(keyFile, 'utf8'));
  rmSync(folder, { recursive: true });
  console.log('certificate: self-signed for localhost');
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

const readInput = () => readFileSync(0, 'utf8').trim();

const [command, name] = process.argv.slice(2);
if (command === undefined) {
  for (const secret of secretNames) provisionSecret(secret);
  await provisionCertificate();
} else if (command === 'set' && secretNames.includes(name as SecretName)) {
  setSecret(name as SecretName, readInput());
} else if (command === 'certificate') {
  const [certificates = '', key = ''] = readInput().split(/(?=-----BEGIN [A-Z ]*PRIVATE KEY-----)/);
  setCertificate(certificates, key);
} else {
  fail(`Usage: provision.ts [set ${secretNames.join('|')} | certificate]`);
}
