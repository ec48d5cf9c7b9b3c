import { readFile } from 'node:fs/promises';
import { importPKCS8, SignJWT } from 'jose';
import { z } from 'zod';
import { HttpStatusError } from '../model-http/http-status-error.ts';
import { KeyRefusedError, mapConnectionError, mapStatus } from '../model-http/map-status.ts';
import type { ModelHttp } from '../model-http/model-http.ts';
import { postJson } from '../model-http/send-request.ts';

export interface AccessTokenOptions {
  http: ModelHttp;
  /** A service account's key, as the Google Cloud console gives it. Read for every token, so that it may change. */
  credentialsFile: string;
  /** Milliseconds of the epoch, for what is signed. */
  wallClock?: () => number;
  /** Milliseconds that only go forward, for how long a token holds. */
  now?: () => number;
}

export interface AccessTokens {
  /**
   * A token that holds for some time yet.
   * @throws DependencyError when none is to be had, or the signal's reason.
   */
  get(signal: AbortSignal): Promise<string>;
  /** Forgets a token that was refused. */
  drop(token: string): void;
}

const credentialsSchema = z.object({
  client_email: z.string(),
  private_key: z.string(),
  private_key_id: z.string().optional(),
  token_uri: z.url().prefault('https://oauth2.googleapis.com/token'),
});
export type ServiceAccount = z.output<typeof credentialsSchema>;

const replySchema = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });

const scope = 'https://www.googleapis.com/auth/cloud-platform';
const assertionLifeSeconds = 3_600;
/** Before its end a token is renewed beside its use; its last seconds are left unused. */
const renewBeforeMs = 300_000;
const unusedMs = 10_000;
const timeoutMs = 5_000;
const retryPauseMs = 1_000;

/** @throws Error that names the file, when it is not a service account's key. */
export function parseServiceAccount(content: string, path: string): ServiceAccount {
  try {
    return credentialsSchema.parse(JSON.parse(content));
  } catch {
    throw new Error(`${path} is not the key of a service account`);
  }
}

interface Token {
  value: string;
  expiresAt: number;
  /** From here on it is renewed. */
  renewAt: number;
}

/**
 * Access tokens of a service account (RFC 7523), one at a time, renewed before they end. How long one holds is measured
 * by a clock that nobody sets; what is signed follows the server's clock once that has found ours wrong.
 */
export function createAccessTokens(options: AccessTokenOptions): AccessTokens {
  const { http, credentialsFile, wallClock = Date.now, now = () => performance.now() } = options;
  let token: Token | undefined;
  let renewal: Promise<Token> | undefined;
  let skewMs = 0;
  let nextTryAt = 0;

  async function request(): Promise<Token> {
    const account = parseServiceAccount(await readFile(credentialsFile, 'utf8'), credentialsFile);
    const startedAt = now();
    const body = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: await sign(account, wallClock() + skewMs),
    }).toString();
    const reply = replySchema.parse(
      await postJson(http, {
        url: account.token_uri,
        headers: {},
        contentType: 'application/x-www-form-urlencoded',
        body,
        signal: AbortSignal.timeout(timeoutMs),
      }),
    );
    const lifeMs = reply.expires_in * 1000;
    return {
      value: reply.access_token,
      expiresAt: startedAt + lifeMs - Math.min(unusedMs, lifeMs / 10),
      renewAt: startedAt + lifeMs - Math.min(renewBeforeMs, lifeMs / 2),
    };
  }

  /** A refusal may be about our clock: then it is tried once more by the server's. */
  async function requestByServerClock(): Promise<Token> {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof HttpStatusError) || error.serverTime === undefined) throw error;
      const foundSkewMs = error.serverTime - wallClock();
      if (error.status >= 500 || Math.abs(foundSkewMs - skewMs) < 30_000) throw error;
      skewMs = foundSkewMs;
      return await request();
    }
  }

  function renew(): Promise<Token> {
    renewal ??= requestByServerClock()
      .then((renewed) => {
        token = renewed;
        return renewed;
      })
      .catch((error: unknown) => {
        nextTryAt = now() + retryPauseMs;
        throw mapTokenError(error);
      })
      .finally(() => {
        renewal = undefined;
      });
    return renewal;
  }

  return {
    async get(signal) {
      signal.throwIfAborted();
      if (token && token.expiresAt > now()) {
        // The old one still serves; if none is to be had yet, the next call tries again.
        if (token.renewAt <= now() && nextTryAt <= now()) renew().catch(() => {});
        return token.value;
      }
      return (await untilAborted(renew(), signal)).value;
    },
    drop(value) {
      if (token?.value === value) token = undefined;
    },
  };
}

async function sign(account: ServiceAccount, nowMs: number): Promise<string> {
  const nowSeconds = Math.floor(nowMs / 1000);
  return new SignJWT({ scope })
    .setProtectedHeader({
      alg: 'RS256',
      typ: 'JWT',
      ...(account.private_key_id && { kid: account.private_key_id }),
    })
    .setIssuer(account.client_email)
    .setAudience(account.token_uri)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + assertionLifeSeconds)
    .sign(await importPKCS8(account.private_key, 'RS256'));
}

function mapTokenError(error: unknown) {
  if (!(error instanceof HttpStatusError)) return mapConnectionError(error);
  const message = `No access token: HTTP ${error.status}`;
  if (error.status < 500 && error.status !== 429) {
    return new KeyRefusedError(message, 'check VERTEX_CREDENTIALS_FILE and the clock', error);
  }
  return mapStatus({ status: error.status, message, retryAfterMs: error.retryAfterMs, cause: error });
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
