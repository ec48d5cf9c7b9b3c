import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { HttpStatusError } from './http-status-error.ts';
import type { ModelHttp } from './model-http.ts';

export interface ModelRequest {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  contentType?: string;
  /** Ends the request and the reading of its reply, with the reason given. */
  signal: AbortSignal;
}

/** Of an error's body; more says no more. */
const largestErrorBytes = 256 * 1024;

/**
 * Posts, and resolves with a reply of status 200 whose body is still to be read.
 * @throws HttpStatusError for any other status; the signal's reason; Node's error when the connection fails.
 */
export async function sendRequest(http: ModelHttp, request: ModelRequest): Promise<IncomingMessage> {
  const response = await post(http, request);
  const { statusCode = 0, statusMessage = '', headers } = response;
  if (statusCode === 200) return response;
  const body = await readText(response, largestErrorBytes);
  throw new HttpStatusError(statusCode, statusMessage, body, headers);
}

/** Posts and parses the whole reply. @throws as sendRequest, and SyntaxError for what is no JSON. */
export async function postJson(http: ModelHttp, request: ModelRequest): Promise<unknown> {
  const response = await sendRequest(http, request);
  return JSON.parse(await readText(response, Number.POSITIVE_INFINITY));
}

function post(
  http: ModelHttp,
  { url, headers, body, contentType = 'application/json', signal }: ModelRequest,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const target = new URL(url);
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const outgoing = send(target, {
      method: 'POST',
      agent: http.agentFor(target),
      headers: { ...headers, 'content-type': contentType, 'content-length': Buffer.byteLength(body) },
    });
    const abort = () => outgoing.destroy(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    outgoing.once('close', () => signal.removeEventListener('abort', abort));
    outgoing.once('error', reject);
    outgoing.once('response', resolve);
    outgoing.end(body);
  });
}

async function readText(response: IncomingMessage, largestBytes: number): Promise<string> {
  response.setEncoding('utf8');
  let text = '';
  for await (const part of response) {
    text += part;
    if (text.length > largestBytes) break;
  }
  return text;
}
