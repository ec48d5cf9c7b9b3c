import { Worker } from 'node:worker_threads';
import { type ConvertedDocument, DocumentRefusal } from '../../domain/knowledge/converted-document.ts';
import type { DocumentJob, DocumentReply } from './document-worker.ts';

export type DocumentKind = 'html' | 'docx' | 'pdf';

export interface DocumentLimits {
  timeLimitMs?: number;
  /** By which the process may grow, whether the worker's heap or its buffers. */
  memoryLimitBytes?: number;
}

const megabyte = 2 ** 20;
const memoryCheckIntervalMs = 50;

/**
 * Converts a document in a thread of its own, which ends with it, and is ended when it takes too long or too much.
 * @throws DocumentRefusal with the one cause for which it cannot be read
 */
export async function convertDocument(
  job: DocumentJob,
  { timeLimitMs = 30_000, memoryLimitBytes = 768 * megabyte }: DocumentLimits = {},
): Promise<ConvertedDocument> {
  const worker = startWorker(job);
  const baseBytes = process.memoryUsage.rss();
  let checks: NodeJS.Timeout | undefined;
  let deadline: NodeJS.Timeout | undefined;
  try {
    const reply = await new Promise<DocumentReply>((resolve) => {
      const refuse = (refusal: string) => resolve({ refusal });
      deadline = setTimeout(() => refuse(`takes more than ${timeLimitMs / 1000} s to read`), timeLimitMs);
      checks = setInterval(() => {
        if (process.memoryUsage.rss() - baseBytes > memoryLimitBytes) refuse(needsTooMuch(memoryLimitBytes));
      }, memoryCheckIntervalMs);
      worker.once('message', resolve);
      worker.once('error', (error: NodeJS.ErrnoException) =>
        refuse(
          error.code === 'ERR_WORKER_OUT_OF_MEMORY'
            ? needsTooMuch(memoryLimitBytes)
            : `cannot be read: ${error.message}`,
        ),
      );
      worker.once('exit', () => refuse('cannot be read: the reader ended early'));
    });
    if ('refusal' in reply) throw new DocumentRefusal(reply.refusal);
    return reply.document;
  } finally {
    clearTimeout(deadline);
    clearInterval(checks);
    await worker.terminate();
  }
}

const needsTooMuch = (bytes: number) => `needs more than ${Math.round(bytes / megabyte)} MB to read`;

/** Node 20 reads no TypeScript, so from the sources a bootstrap loads the worker through tsx. */
function startWorker(job: DocumentJob): Worker {
  const options = { workerData: job, resourceLimits: { maxOldGenerationSizeMb: 512 } };
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('./document-worker.js', import.meta.url), options);
  const workerUrl = new URL('./document-worker.ts', import.meta.url).href;
  const bootstrap = `import('tsx/esm/api').then(({ tsImport }) => tsImport('${workerUrl}', '${workerUrl}'))`;
  return new Worker(bootstrap, { ...options, eval: true });
}
