import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LiveCall, now } from './call-log.ts';
import { composeText } from './compose-text.ts';
import { type Encode, fromChatRequest, openAiDialect } from './dialects.ts';
import { embedText, fullDimension } from './embed-text.ts';
import { profileOf, settingRefusal, thoughtTokensOf } from './profiles.ts';
import type { Fault, ParsedScript } from './script.ts';
import {
  batchEmbedRequestSchema,
  countTokens,
  countTokensRequestSchema,
  createQuotaStatus,
  createStatus,
  type EmbedRequest,
  embeddingsRequestSchema,
  embedRequestSchema,
  type GenerateRequest,
  generateRequestSchema,
  maxBatchSize,
  predictRequestSchema,
  splitText,
} from './wire.ts';

/** All that decides one reply. */
export interface Reply {
  request: IncomingMessage;
  response: ServerResponse;
  script: ParsedScript;
  fault: Fault | undefined;
  model: string;
  call: LiveCall;
  encode: Encode;
}

export async function serveGeneration(reply: Reply, body: unknown, isStream: boolean) {
  await generate(reply, generateRequestSchema.parse(body), isStream);
}

/** Of an OpenAI-compatible server. */
export async function serveChatCompletion(reply: Reply, body: unknown) {
  await generate({ ...reply, encode: openAiDialect }, fromChatRequest(body), true);
}

async function generate(reply: Reply, request: GenerateRequest, isStream: boolean) {
  const refusal = generationRefusal(reply, request);
  if (refusal !== undefined) return refuse(reply, refusal);
  const chunks = createChunks(reply, request);
  const ready = await waitForHeaders(reply);
  if (!ready) return;
  if (!isStream) return sendJson(reply.response, mergeChunks(chunks));
  reply.response.writeHead(200, { 'content-type': 'text/event-stream' });
  reply.response.flushHeaders();
  const isPresent = await think(reply, request);
  if (isPresent) await sendStream(reply, chunks);
}

const thoughtIntervalMs = 50;

/** The time before the first text of a model that thinks. False when there is nobody left to answer. */
async function think({ script, model, response, call }: Reply, request: GenerateRequest): Promise<boolean> {
  if (thoughtTokensOf(profileOf(model, script.profiles), request) === 0) return true;
  const isShown = script.showsThoughts && request.generationConfig?.thinkingConfig?.includeThoughts === true;
  for (let leftMs = script.thinkMs; leftMs > 0; leftMs -= isShown ? thoughtIntervalMs : leftMs) {
    if (!(await pause(isShown ? Math.min(leftMs, thoughtIntervalMs) : leftMs, call.signal))) return false;
    const thought = createChunk([{ text: 'Considering.', thought: true }], model);
    if (isShown) response.write(`data: ${JSON.stringify(thought)}\r\n\r\n`);
  }
  return true;
}

function generationRefusal({ model, script }: Reply, request: GenerateRequest): string | undefined {
  if (script.storingModels.includes(model)) {
    return `Invalid JSON payload received. Unknown name "store": Cannot find field.`;
  }
  if (script.takesEarlierCalls) return undefined;
  return settingRefusal(profileOf(model, script.profiles), request);
}

function refuse({ response }: Reply, message: string) {
  response
    .writeHead(400, { 'content-type': 'application/json; charset=UTF-8' })
    .end(JSON.stringify(createStatus(400, message)));
}

/** Sends the bytes as they are, each write by itself. */
export async function sendRaw(
  { response, call }: Reply,
  { status, body, bytesPerWrite }: Extract<Fault, { kind: 'raw' }>,
) {
  response.writeHead(status, {
    'content-type': status === 200 ? 'text/event-stream' : 'application/json; charset=UTF-8',
  });
  const bytes = Buffer.from(body);
  const size = bytesPerWrite ?? Math.max(1, bytes.length);
  for (let start = 0; start < bytes.length && !call.signal.aborted; start += size) {
    response.write(bytes.subarray(start, start + size));
    await new Promise(setImmediate);
  }
  response.end();
}

export function serveTokenCount({ response }: Reply, body: unknown) {
  const { contents } = countTokensRequestSchema.parse(body);
  sendJson(response, {
    totalTokens: countTokens(
      contents
        .flatMap(({ parts }) => parts)
        .map(({ text }) => text)
        .join(''),
    ),
  });
}

export async function serveEmbeddings(reply: Reply, body: unknown, isBatch: boolean) {
  const requests = isBatch ? batchEmbedRequestSchema.parse(body).requests : [embedRequestSchema.parse(body)];
  if (requests.length > maxBatchSize) {
    return refuse(
      reply,
      `* BatchEmbedContentsRequest.requests: at most ${maxBatchSize} requests can be in one batch`,
    );
  }
  const refusal = embeddingRefusal(reply, requests);
  if (refusal !== undefined) return refuse(reply, refusal);
  const ready = await waitForHeaders(reply, true);
  if (!ready) return;
  if (reply.fault?.kind === 'cut') return cut(reply, '{"embeddings": [');
  if (reply.fault?.kind === 'garbage') return reply.response.writeHead(200).end('<html>');
  const embeddings = requests.map((request) => ({ values: embed(request, reply.model) }));
  sendJson(reply.response, isBatch ? { embeddings } : { embedding: embeddings[0] });
}

/** Of an OpenAI-compatible server. */
export async function serveOpenAiEmbeddings(reply: Reply, body: unknown) {
  const { input } = embeddingsRequestSchema.parse(body);
  if (!(await waitForHeaders(reply, true))) return;
  const data = input.map((text, index) => ({ index, embedding: embedText(text, 1024) }));
  // In no order, as the field `index` allows.
  sendJson(reply.response, { object: 'list', data: data.toReversed() });
}

/** gemini-embedding-001 on Vertex. */
export async function servePrediction(reply: Reply, body: unknown) {
  const { instances, parameters } = predictRequestSchema.parse(body);
  if (!(await waitForHeaders(reply, true))) return;
  const size = parameters.outputDimensionality ?? fullDimension;
  sendJson(reply.response, {
    predictions: instances.map(({ content }) => ({ embeddings: { values: embedText(content, size) } })),
  });
}

/** How gemini-embedding-2 is told what a text is. */
const embeddingPrefix = /^(task: search result \| query: |title: .+? \| text: )/;

function embeddingRefusal({ model, script }: Reply, requests: readonly EmbedRequest[]): string | undefined {
  const refused = script.refusedEmbeddingFields.find((field) =>
    requests.some((request) => request[field] !== undefined),
  );
  if (refused !== undefined) return `The parameter ${refused} is not supported by this model.`;
  if (model !== 'gemini-embedding-2') return undefined;
  if (requests.some(({ taskType }) => taskType !== undefined)) return 'task_type is not supported.';
  const hasPrefix = ({ content }: EmbedRequest) => embeddingPrefix.test(content.parts[0]?.text ?? '');
  return requests.every(hasPrefix) ? undefined : 'The text does not say what it is.';
}

function embed({ content, outputDimensionality = fullDimension }: EmbedRequest, model: string): number[] {
  const text = content.parts.map((part) => part.text).join('\n');
  const bare = model === 'gemini-embedding-2' ? text.replace(embeddingPrefix, '') : text;
  return embedText(bare, outputDimensionality);
}

/** False when there is nobody left to answer, or nothing is ever to come. */
async function waitForHeaders({ script, fault, call }: Reply, isEmbedding = false): Promise<boolean> {
  if (fault?.kind === 'stall_before_headers') return false;
  const latencyMs = isEmbedding ? (script.embeddingLatencyMs ?? script.latencyMs) : script.latencyMs;
  return await pause(latencyMs, call.signal);
}

type Chunk = Record<string, unknown>;

function createChunks({ script, fault, model, call }: Reply, request: GenerateRequest): Chunk[] {
  const modelVersion = script.modelVersion ?? model;
  const prompt = request.contents.flatMap(({ parts }) => parts.map(({ text }) => text)).join('\n');
  const promptTokenCount = countTokens(prompt);
  if (fault?.kind === 'prompt_block') {
    return [
      { promptFeedback: { blockReason: fault.reason }, usageMetadata: { promptTokenCount }, modelVersion },
    ];
  }
  const text = script.text ?? composeText(request);
  const thoughtsTokenCount = thoughtTokensOf(profileOf(model, script.profiles), request);
  const roomTokens = (request.generationConfig?.maxOutputTokens ?? 65_536) - thoughtsTokenCount;
  const isCut = countTokens(text) > roomTokens;
  const finishReason = fault?.kind === 'finish' ? fault.reason : isCut ? 'MAX_TOKENS' : 'STOP';
  const written = isCut ? text.slice(0, Math.max(0, roomTokens * 4)) : text;
  const spoken = fault?.kind === 'finish' && !fault.withText ? [] : splitText(written, script.chunks);
  const chunks: Chunk[] = spoken.map((part) => createChunk([{ text: part }], modelVersion));
  if (script.thought) chunks.unshift(createChunk([{ text: script.thought, thought: true }], modelVersion));
  call.tokens = promptTokenCount + countTokens(spoken.join('')) + thoughtsTokenCount;
  chunks.push({
    candidates: [{ content: { role: 'model' }, finishReason, index: 0 }],
    usageMetadata: {
      promptTokenCount,
      candidatesTokenCount: countTokens(spoken.join('')),
      ...(thoughtsTokenCount > 0 && { thoughtsTokenCount }),
    },
    modelVersion,
  });
  return chunks;
}

function createChunk(parts: object[], modelVersion: string): Chunk {
  return { candidates: [{ content: { role: 'model', parts }, index: 0 }], modelVersion };
}

function mergeChunks(chunks: readonly Chunk[]): Chunk {
  const parts = chunks.flatMap(({ candidates }) =>
    Array.isArray(candidates) ? (candidates[0]?.content?.parts ?? []) : [],
  );
  const last = chunks.at(-1) ?? {};
  const [candidate] = Array.isArray(last.candidates) ? last.candidates : [];
  return candidate ? { ...last, candidates: [{ ...candidate, content: { role: 'model', parts } }] } : last;
}

async function sendStream(reply: Reply, chunks: readonly Chunk[]) {
  const { response, script, fault, call } = reply;
  if (fault?.kind === 'stall_before_first_chunk') return;
  for (const [index, chunk] of chunks.entries()) {
    if (index > 0 && !(await pause(script.chunkDelayMs, call.signal))) return;
    if (index === 1 && fault && breakStream(reply, fault)) return;
    call.firstChunkAt ??= now();
    response.write(`data: ${JSON.stringify(reply.encode(chunk))}\r\n\r\n`);
  }
  response.end(reply.encode === openAiDialect ? 'data: [DONE]\n\n' : '');
}

/** Ends or spoils the stream after its first chunk; false when the fault is of another kind. */
function breakStream(reply: Reply, fault: Fault): boolean {
  const { response } = reply;
  switch (fault.kind) {
    case 'stall_mid_stream':
      return true;
    case 'cut':
      cut(reply, 'data: {"candidates": [{"content"');
      return true;
    case 'garbage':
      // Left open, as a broken server would.
      response.write('data: {"candidates": [}\r\n\r\n');
      return true;
    case 'wrong_shape':
      response.end('data: null\r\n\r\n');
      return true;
    case 'early_end':
      response.end();
      return true;
    case 'error_in_stream': {
      const status =
        fault.status === 429
          ? createQuotaStatus(fault)
          : createStatus(fault.status, 'The model is overloaded.');
      response.end(`data: ${JSON.stringify(status)}\r\n\r\n`);
      return true;
    }
    default:
      return false;
  }
}

/** Sends a part of something and drops the connection. */
function cut({ request, response }: Reply, part: string) {
  response.write(part, () => request.socket.destroy());
}

async function pause(durationMs: number, signal: AbortSignal): Promise<boolean> {
  if (durationMs > 0) await sleep(durationMs, undefined, { signal }).catch(() => {});
  return !signal.aborted;
}

function sendJson(response: ServerResponse, body: unknown) {
  response.writeHead(200, { 'content-type': 'application/json; charset=UTF-8' }).end(JSON.stringify(body));
}
