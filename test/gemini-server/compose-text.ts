import type { GenerateRequest } from './wire.ts';

/**
 * An answer that is visibly grounded: it quotes the first entry of the newest message, or says that there is none.
 * It ends by repeating the question, so that a reader can tell answers apart.
 */
export function composeText(request: GenerateRequest): string {
  const newest =
    request.contents
      .at(-1)
      ?.parts.map(({ text }) => text)
      .join('') ?? '';
  const question = /<question>\s*([\s\S]*?)\s*<\/question>/.exec(newest)?.[1] ?? newest.slice(-200);
  const entry = /<entry id="([^"]*)"[^>]*>([\s\S]*?)<\/entry>/.exec(newest);
  if (!entry) return `I do not know that. (${question})`;
  const answer = /Answer:\s*([\s\S]*)$/.exec(entry[2] ?? '')?.[1]?.trim() ?? '';
  return `According to ${entry[1]}: ${answer} (${question})`;
}
