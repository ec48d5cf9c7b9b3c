import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LiveCall, now } from './call-log.ts';
import { composeText } from './compose-text.ts';
import { embedText, fullDimension } from './embed-text.ts';
import type { Fault, ParsedScript } from './script.ts';
import {
  batchEmbedRequestSchema,
  countTokens,
  createQuotaStatus,
  createStatus,
  type EmbedRequest,
  embedRequestSchema,
  type GenerateRequest,
  generateRequestSchema,
  maxBatchSize,
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
}

export async function serveGeneration(reply: Reply, body: unknown, isStream: boolean) {
  const chunks = createChunks(reply, generateRequestSchema.parse(body));
  const ready = await waitForHeaders(reply);
  if (!ready) return;
  if (!isStream) return sendJson(reply.response, mergeChunks(chunks));
  reply.response.writeHead(200, { 'content-type': 'text/event-stream' });
  reply.response.flushHeaders();
  await sendStream(reply, chunks);
}

export async function serveEmbeddings(reply: Reply, body: unknown, isBatch: boolean) {
  const requests = isBatch ? batchEmbedRequestSchema.parse(body).requests : [embedRequestSchema.parse(body)];
  if (requests.length > maxBatchSize) {
    const message = `at most ${maxBatchSize} requests can be in one batch`;
    reply.response.writeHead(400, { 'content-type': 'application/json' });
    return reply.response.end(
      JSON.stringify(createStatus(400, `* BatchEmbedContentsRequest.requests: ${message}`)),
    );
  }
  const ready = await waitForHeaders(reply);
  if (!ready) return;
  if (reply.fault?.kind === 'cut') return cut(reply, '{"embeddings": [');
  if (reply.fault?.kind === 'garbage') return reply.response.writeHead(200).end('<html>');
  const embeddings = requests.map((request) => ({ values: embed(request) }));
  sendJson(reply.response, isBatch ? { embeddings } : { embedding: embeddings[0] });
}

function embed({ content, outputDimensionality = fullDimension }: EmbedRequest): number[] {
  return embedText(content.parts.map(({ text }) => text ?? '').join('\n'), outputDimensionality);
}

/** False when there is nobody left to answer, or nothing is ever to come. */
async function waitForHeaders({ script, fault, call }: Reply): Promise<boolean> {
  if (fault?.kind === 'stall_before_headers') return false;
  return await pause(script.latencyMs, call.signal);
}

type Chunk = Record<string, unknown>;

function createChunks({ script, fault, model }: Reply, request: GenerateRequest): Chunk[] {
  const modelVersion = script.modelVersion ?? model;
  const prompt = request.contents.flatMap(({ parts }) => parts.map(({ text }) => text ?? '')).join('\n');
  const promptTokenCount = countTokens(prompt);
  if (fault?.kind === 'prompt_block') {
    return [
      { promptFeedback: { blockReason: fault.reason }, usageMetadata: { promptTokenCount }, modelVersion },
    ];
  }
  const text = script.text ?? composeText(request);
  const finishReason = fault?.kind === 'finish' ? fault.reason : 'STOP';
  const spoken = fault?.kind === 'finish' && !fault.withText ? [] : splitText(text, script.chunks);
  const chunks: Chunk[] = spoken.map((part) => createChunk([{ text: part }], modelVersion));
  if (script.thought) chunks.unshift(createChunk([{ text: script.thought, thought: true }], modelVersion));
  chunks.push({
    candidates: [{ content: { role: 'model' }, finishReason, index: 0 }],
    usageMetadata: { promptTokenCount, candidatesTokenCount: countTokens(spoken.join('')) },
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
    response.write(`data: ${JSON.stringify(chunk)}\r\n\r\n`);
  }
  response.end();
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
