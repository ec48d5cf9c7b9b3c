import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';

const dayMs = 86_400_000;
/** Apple's limit for certificates that a user trusts by hand is 825 days (support.apple.com/en-us/103769). */
const lifetimeDays = 800;

/** A self-signed certificate for localhost, kept in the folder and made anew a month before it ends. */
export async function ensureCertificate(folder: string) {
  const certificateFile = join(folder, 'localhost.crt');
  const keyFile = join(folder, 'localhost.key');
  if (!existsSync(keyFile) || !isCurrent(certificateFile)) {
    const { cert, private: key } = await generateCertificate();
    mkdirSync(folder, { recursive: true });
    writeFileSync(keyFile, key, { mode: 0o600 });
    writeFileSync(certificateFile, cert);
  }
  return { certificateFile, keyFile };
}

function isCurrent(certificateFile: string): boolean {
  if (!existsSync(certificateFile)) return false;
  const { validTo } = new X509Certificate(readFileSync(certificateFile));
  return Date.parse(validTo) - Date.now() > 30 * dayMs;
}

function generateCertificate() {
  const now = Date.now();
  return generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - dayMs),
    notAfterDate: new Date(now + lifetimeDays * dayMs),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
}
