import { createHash } from 'node:crypto';
import type { EmbeddingModel } from '../../src/domain/models/embedding-model.ts';

export interface WordEmbeddingModel extends EmbeddingModel {
  /** Texts embedded so far, questions and entries. */
  readonly embeddedTexts: string[];
}

/** Hashes words into a vector: the same words, the same direction. Needs no download and never changes. */
export function createWordEmbeddingModel(name = 'words', dimension = 64): WordEmbeddingModel {
  const embeddedTexts: string[] = [];
  const embed = async (texts: readonly string[]) => {
    embeddedTexts.push(...texts);
    return texts.map((text) => embedWords(text, dimension));
  };
  return { name, dimension, embedQueries: embed, embedDocuments: embed, embeddedTexts };
}

function embedWords(text: string, dimension: number): number[] {
  const vector = new Array<number>(dimension).fill(0);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    const bytes = createHash('md5').update(word).digest();
    const place = bytes.readUInt16LE(0) % dimension;
    vector[place] = (vector[place] ?? 0) + ((bytes[2] ?? 0) % 2 === 0 ? 1 : -1);
  }
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}
