import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCallLog, type RecordedCall } from './call-log.ts';
import { geminiDialect } from './dialects.ts';
import { pickFault } from './pick-fault.ts';
import {
  type Reply,
  sendRaw,
  serveChatCompletion,
  serveEmbeddings,
  serveGeneration,
  serveOpenAiEmbeddings,
  servePrediction,
  serveTokenCount,
} from './replies.ts';
import { type Fault, type GeminiScript, type ParsedScript, scriptSchema } from './script.ts';
import { createBadKeyStatus, createQuotaStatus, createStatus } from './wire.ts';

export interface GeminiServer {
  /** To be given as GEMINI_BASE_URL. */
  url: string;
  port: number;
  /** Replaces the whole script; what is not named returns to its default. */
  setScript(script: GeminiScript): void;
  /** Calls that began, oldest first, at most the newest 5,000. */
  calls(): readonly RecordedCall[];
  clearCalls(): void;
  /** Generations and embeddings being served now. */
  openCalls(): number;
  /** Connections ever accepted. */
  connectionCount(): number;
  /** Takes, and forgets, what was asked that must never be asked. */
  takeViolations(): string[];
  /** @throws when a call came that no test may make, such as one without `store: false`. */
  close(): Promise<void>;
}

const generatingMethods = ['streamGenerateContent', 'generateContent'];
const methods = [...generatingMethods, 'predict', 'countTokens', 'embedContent', 'batchEmbedContents'];
/** Of the OpenAI-compatible server. */
const ownModels = ['own-model', 'own-embedding'];
const listedModels = [
  'gemini-3.5-flash-lite',
  'gemini-3.8-flash',
  'gemini-embedding-001',
  'gemini-embedding-2',
];

/**
 * Speaks the v1beta wire format of the Gemini API on 127.0.0.1, as well or as badly as its script says. Besides:
 * `PUT /control/script`, `GET /control/calls`, `DELETE /control/calls`, for use from another process.
 */
export async function startGeminiServer({
  port = 0,
  host = '127.0.0.1',
  script: firstScript = {},
  isTokenValid = () => false,
}: {
  port?: number;
  host?: string;
  script?: GeminiScript;
  /** Which access tokens the paths of Vertex take. */
  isTokenValid?: (token: string) => boolean;
} = {}): Promise<GeminiServer> {
  let script = scriptSchema.parse(firstScript);
  let picks = pickFault(script.faults);
  let connections = 0;
  const log = createCallLog();

  function setScript(next: unknown) {
    script = scriptSchema.parse(next);
    picks = pickFault(script.faults);
  }

  async function handle(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? '/', 'http://gemini.invalid');
    const body = await readBody(request);
    if (url.pathname.startsWith('/control/'))
      return control(request.method ?? '', url.pathname, body, response);
    const { model, method, api } = readTarget(url.pathname, body);
    const token = headerOf(request, 'authorization')?.replace(/^Bearer /, '');
    const key = headerOf(request, 'x-goog-api-key') ?? url.searchParams.get('key') ?? token ?? '';
    const call = log.begin({ path: url.pathname, model, method: method ?? 'get', key, body });
    response.once('close', () => log.end(call, response.writableFinished));
    const fault = picks(call);
    if (fault) call.fault = fault.kind;
    const reply: Reply = {
      request,
      response,
      script,
      fault,
      model: model ?? '',
      call,
      encode: geminiDialect,
    };
    if (
      api === 'ai-studio' &&
      method !== undefined &&
      generatingMethods.includes(method) &&
      !script.takesEarlierCalls &&
      !isUnstored(body)
    ) {
      log.violate(`a generating call of ${model} without "store": false`);
      return sendJson(response, 400, createStatus(400, 'store must be false'));
    }
    if (api === 'vertex' && isUnstored(body)) {
      return sendJson(response, 400, createStatus(400, 'Unknown name "store": Cannot find field.'));
    }
    if (api === 'vertex' && !isTokenValid(key)) {
      return sendJson(response, 401, createStatus(401, 'Request had invalid authentication credentials.'));
    }
    const refusal = refusalOf(script, fault, model, key, api);
    if (refusal) return sendJson(response, refusal.error.code, refusal);
    if (fault?.kind === 'refuse_connection') return request.socket.destroy();
    if (fault?.kind === 'raw') return await sendRaw(reply, fault);
    if (api === 'openai') return await serveOpenAi(reply, body, method);
    if (request.method === 'GET') return describeModels(response, script, model);
    if (model === undefined || method === undefined || !methods.includes(method)) {
      return sendJson(response, 404, createStatus(404, 'No such method'));
    }
    if (method === 'countTokens') return serveTokenCount(reply, body);
    if (method === 'predict') return await servePrediction(reply, body);
    return generatingMethods.includes(method)
      ? await serveGeneration(reply, body, method === 'streamGenerateContent')
      : await serveEmbeddings(reply, body, method === 'batchEmbedContents');
  }

  function control(method: string, path: string, body: unknown, response: ServerResponse) {
    if (method === 'PUT' && path === '/control/script') {
      setScript(body);
      return sendJson(response, 200, script);
    }
    if (path !== '/control/calls') return sendJson(response, 404, {});
    if (method === 'DELETE') log.clear();
    sendJson(response, 200, {
      open: log.open(),
      connections,
      violations: log.violations(),
      calls: log.calls(),
    });
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) response.destroy();
      else sendJson(response, 400, createStatus(400, String(error)));
    });
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    setScript,
    calls: log.calls,
    clearCalls: log.clear,
    openCalls: log.open,
    connectionCount: () => connections,
    takeViolations: log.forgive,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      const [violation] = log.violations();
      if (violation !== undefined)
        throw new Error(`${log.violations().length} forbidden calls: ${violation}`);
    },
  };
}

type Api = 'ai-studio' | 'vertex' | 'openai';

const paths: readonly [api: Api, pattern: RegExp][] = [
  ['ai-studio', /^\/v1beta\/models(?:\/([^:/]+)(?::(\w+))?)?$/],
  ['vertex', /^\/v1\/projects\/[^/]+\/locations\/[^/]+\/publishers\/google\/models\/([^:/]+):(\w+)$/],
];

/** What OpenAI's paths are called here, so that faults and logs of a method mean the same whatever is spoken. */
const openAiMethods: Readonly<Record<string, string | undefined>> = {
  '/v1/chat/completions': 'streamGenerateContent',
  '/v1/embeddings': 'batchEmbedContents',
  '/v1/models': undefined,
};

function readTarget(path: string, body: unknown) {
  if (path in openAiMethods) {
    const model =
      typeof body === 'object' && body !== null && 'model' in body ? String(body.model) : undefined;
    return { api: 'openai' as const, model, method: openAiMethods[path] };
  }
  for (const [api, pattern] of paths) {
    const match = pattern.exec(path);
    if (match) return { api, model: match[1], method: match[2] };
  }
  return { api: 'ai-studio' as const, model: undefined, method: undefined };
}

async function serveOpenAi(reply: Reply, body: unknown, method: string | undefined) {
  if (method === 'streamGenerateContent') return serveChatCompletion(reply, body);
  if (method === 'batchEmbedContents') return serveOpenAiEmbeddings(reply, body);
  const data = ownModels.filter((name) => !reply.script.missingModels.includes(name)).map((id) => ({ id }));
  return sendJson(reply.response, 200, { object: 'list', data });
}

/** The status that ends a call before anything else is looked at. */
function refusalOf(
  script: ParsedScript,
  fault: Fault | undefined,
  model: string | undefined,
  key: string,
  api: Api,
) {
  if (key === '' && api !== 'openai') return createStatus(403, "Method doesn't allow unregistered callers.");
  if (script.refusedKeys.includes(key)) return createBadKeyStatus(400);
  if (
    model !== undefined &&
    (script.missingModels.includes(model) || (api !== 'openai' && !model.startsWith('gemini-')))
  ) {
    return createStatus(404, `models/${model} is not found for API version v1beta.`);
  }
  if (fault?.kind === 'bad_key') return createBadKeyStatus(fault.status);
  if (fault?.kind !== 'status') return undefined;
  return fault.status === 429
    ? createQuotaStatus(fault)
    : createStatus(fault.status, 'The model is overloaded.');
}

/** Projects of today keep a request that does not say `store: false`; none of this service may be kept. */
function isUnstored(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'store' in body && body.store === false;
}

function describeModels(response: ServerResponse, script: ParsedScript, model: string | undefined) {
  if (model !== undefined && script.undescribedModels.includes(model)) {
    return sendJson(response, 404, createStatus(404, `Model is not found: models/${model}`));
  }
  const describe = (name: string) => ({ name: `models/${name}`, supportedGenerationMethods: methods });
  const known = listedModels.filter((name) => !script.missingModels.includes(name));
  sendJson(response, 200, model === undefined ? { models: known.map(describe) } : describe(model));
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  const text = Buffer.concat(parts).toString('utf8');
  return text === '' ? undefined : JSON.parse(text);
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function sendJson(response: ServerResponse, status: number, body: unknown) {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' }).end(JSON.stringify(body));
}
