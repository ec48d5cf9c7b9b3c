import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeProtectedHeader, exportPKCS8, generateKeyPair, jwtVerify } from 'jose';

export interface TokenServer {
  url: string;
  /** The content of a service account's key file. */
  credentials: string;
  /** Tokens given so far. */
  given(): number;
  /** Assertions refused so far. */
  refused(): number;
  isValid(token: string): boolean;
  /** Takes no token any more, those included that have not ended. */
  revokeAll(): void;
  /** Answers with this status from now on; undefined for as it should. */
  fail(status: number | undefined): void;
  close(): Promise<void>;
}

const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Gives access tokens for signed assertions (RFC 7523), as strict about signature, audience and time as Google is. */
export async function startTokenServer({ lifeMs = 3_600_000, aheadMs = 0 } = {}): Promise<TokenServer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  const ends = new Map<string, number>();
  let given = 0;
  let refused = 0;
  let failure: number | undefined;
  const clock = () => Date.now() + aheadMs;

  const server = createServer((request, response) => {
    const send = (status: number, body: object) =>
      response
        .writeHead(status, { 'content-type': 'application/json', date: new Date(clock()).toUTCString() })
        .end(JSON.stringify(body));
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', async () => {
      if (failure !== undefined) return send(failure, { error: 'unavailable' });
      const form = new URLSearchParams(Buffer.concat(parts).toString());
      const assertion = form.get('assertion') ?? '';
      try {
        if (form.get('grant_type') !== grantType) throw new Error('grant_type');
        if (decodeProtectedHeader(assertion).kid !== 'key-1') throw new Error('kid');
        const { payload } = await jwtVerify(assertion, publicKey, {
          issuer: 'service@project.iam.gserviceaccount.com',
          audience: `${url}/token`,
          maxTokenAge: '1h',
          currentDate: new Date(clock()),
        });
        if (typeof payload.scope !== 'string') throw new Error('scope');
      } catch {
        refused += 1;
        return send(400, { error: 'invalid_grant' });
      }
      given += 1;
      const token = `token-${given}`;
      ends.set(token, performance.now() + lifeMs);
      send(200, { access_token: token, expires_in: lifeMs / 1000, token_type: 'Bearer' });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    credentials: JSON.stringify({
      type: 'service_account',
      client_email: 'service@project.iam.gserviceaccount.com',
      private_key: await exportPKCS8(privateKey),
      private_key_id: 'key-1',
      token_uri: `${url}/token`,
    }),
    given: () => given,
    refused: () => refused,
    isValid: (token) => (ends.get(token) ?? 0) > performance.now(),
    revokeAll: () => ends.clear(),
    fail(status) {
      failure = status;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
