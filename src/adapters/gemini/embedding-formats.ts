import { TaskType } from '@google/generative-ai';
import type { EmbeddingPurpose } from '../../domain/models/resilient-embedding-model.ts';

/** How a model is told what a text is. */
export interface EmbeddingFormat {
  taskType: TaskType | undefined;
  text: string;
}

const taskTypes: Record<EmbeddingPurpose, TaskType> = {
  query: TaskType.RETRIEVAL_QUERY,
  document: TaskType.RETRIEVAL_DOCUMENT,
};

/** gemini-embedding-2 ignores task types and reads prefixes instead (ai.google.dev/gemini-api/docs/embeddings). */
const prefixes: Record<EmbeddingPurpose, string> = {
  query: 'task: search result | query: ',
  document: 'title: none | text: ',
};

/** The models that embed, each with its own way to say what a text is. */
export const embeddingFormats = {
  'gemini-embedding-001': (text, purpose) => ({ taskType: taskTypes[purpose], text }),
  'gemini-embedding-2': (text, purpose) => ({ taskType: undefined, text: `${prefixes[purpose]}${text}` }),
} satisfies Record<string, (text: string, purpose: EmbeddingPurpose) => EmbeddingFormat>;

export type GeminiEmbeddingName = keyof typeof embeddingFormats;

/**
 * One of the sizes Google recommends (768, 1536 or 3072): on MTEB 0.2 points under the full size at a quarter of the
 * memory.
 */
export const embeddingDimension = 768;
