import { z } from 'zod';
import { profileNames } from './profiles.ts';

/** What can go wrong with one call. */
const faultKindSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('status'),
    status: z.number().int(),
    /** 429: RetryInfo in the details. */
    retryDelaySeconds: z.number().optional(),
    /** 429: QuotaFailure of the daily quota in the details. */
    perDay: z.boolean().optional(),
  }),
  z.object({
    kind: z.literal('bad_key'),
    status: z.union([z.literal(400), z.literal(401), z.literal(403)]),
  }),
  /** A reply of exactly these bytes, cut into writes of so many. */
  z.object({
    kind: z.literal('raw'),
    status: z.number().int().prefault(200),
    body: z.string(),
    bytesPerWrite: z.number().int().min(1).optional(),
  }),
  z.object({ kind: z.literal('refuse_connection') }),
  z.object({ kind: z.literal('stall_before_headers') }),
  z.object({ kind: z.literal('stall_before_first_chunk') }),
  z.object({ kind: z.literal('stall_mid_stream') }),
  z.object({ kind: z.literal('cut') }),
  z.object({ kind: z.literal('garbage') }),
  z.object({ kind: z.literal('wrong_shape') }),
  z.object({ kind: z.literal('early_end') }),
  z.object({
    kind: z.literal('error_in_stream'),
    status: z.number().int(),
    retryDelaySeconds: z.number().optional(),
  }),
  z.object({ kind: z.literal('prompt_block'), reason: z.string().prefault('SAFETY') }),
  z.object({ kind: z.literal('finish'), reason: z.string(), withText: z.boolean() }),
]);
export type FaultKind = z.output<typeof faultKindSchema>;

const faultSchema = z.intersection(
  faultKindSchema,
  z.object({
    /** Only calls to this model. */
    model: z.string().optional(),
    /** Only calls with this key. */
    key: z.string().optional(),
    /** Only calls of these methods; all that generate or embed unless told. */
    methods: z.array(z.string()).optional(),
    /** This part of the calls, 0..1, picked by a seeded random number. */
    share: z.number().min(0).max(1).optional(),
    /** Only the first so many matching calls. */
    times: z.number().int().optional(),
  }),
);
export type Fault = z.output<typeof faultSchema>;

/** How the server behaves from now on. */
export const scriptSchema = z.object({
  /** Before the headers of a reply. */
  latencyMs: z.number().min(0).prefault(0),
  /** The same for embeddings; `latencyMs` unless told. */
  embeddingLatencyMs: z.number().min(0).optional(),
  /** Of an answer. */
  chunks: z.number().int().min(1).prefault(3),
  chunkDelayMs: z.number().min(0).prefault(0),
  /** Answers with this instead of the first entry of the prompt. */
  text: z.string().optional(),
  /** Between the headers and the first text of a model that thinks. */
  thinkMs: z.number().min(0).prefault(0),
  /** While it thinks, it sends summaries, if the request includes thoughts. */
  showsThoughts: z.boolean().prefault(false),
  /** Puts a thought in front of the answer, as models do when asked to include them. */
  thought: z.string().optional(),
  /** Name under which answers come, unless it is the one asked for. */
  modelVersion: z.string().optional(),
  /** Another profile for a model than the one of its name. */
  profiles: z.record(z.string(), z.enum(profileNames)).prefault({}),
  missingModels: z.array(z.string()).prefault([]),
  /** Models that answer, but whose description is refused with 404. */
  undescribedModels: z.array(z.string()).prefault([]),
  /** Takes calls as the release before makes them, too: they may be stored, and ask for a thinking budget of 0. */
  takesEarlierCalls: z.boolean().prefault(false),
  /** Models that refuse `store`. */
  storingModels: z.array(z.string()).prefault([]),
  /** Fields of embedding requests that are refused. */
  refusedEmbeddingFields: z.array(z.enum(['taskType', 'outputDimensionality'])).prefault([]),
  refusedKeys: z.array(z.string()).prefault([]),
  /** The first fault that matches a call is served. */
  faults: z.array(faultSchema).prefault([]),
});
export type GeminiScript = z.input<typeof scriptSchema>;
export type ParsedScript = z.output<typeof scriptSchema>;
