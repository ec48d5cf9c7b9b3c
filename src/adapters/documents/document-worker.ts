import { parentPort, workerData } from 'node:worker_threads';
import { type ConvertedDocument, DocumentRefusal } from '../../domain/knowledge/converted-document.ts';
import type { DocumentKind } from './convert-document.ts';

export interface DocumentJob {
  kind: DocumentKind;
  bytes: Uint8Array;
  url: string | undefined;
}

export type DocumentReply = { document: ConvertedDocument } | { refusal: string };

/** Each kind's library is loaded only for a file of it. */
async function convert({ kind, bytes, url }: DocumentJob): Promise<ConvertedDocument> {
  switch (kind) {
    case 'html': {
      const { decodeHtml } = await import('./decode-html.ts');
      const { parseHtmlDocument } = await import('../../domain/knowledge/html-document.ts');
      return parseHtmlDocument(decodeHtml(bytes), url);
    }
    case 'docx':
      return (await import('./read-docx.ts')).readDocx(bytes);
    case 'pdf':
      return (await import('./read-pdf.ts')).readPdf(bytes);
  }
}

async function reply(job: DocumentJob): Promise<DocumentReply> {
  try {
    return { document: await convert(job) };
  } catch (error) {
    if (error instanceof DocumentRefusal) return { refusal: error.message };
    if (error instanceof RangeError) return { refusal: 'is nested too deeply' };
    return { refusal: `cannot be read: ${(error as Error).message}` };
  }
}

parentPort?.postMessage(await reply(workerData as DocumentJob));
