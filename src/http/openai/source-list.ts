import type { Language } from '../../domain/audience.ts';
import type { Source } from '../../domain/chat/chat-answer.ts';
import { parseWebAddress } from '../../domain/web-address.ts';

const listedSources = 3;
const headings = { en: 'Sources:', de: 'Quellen:' } as const satisfies Record<Language, string>;
const headingLines: ReadonlySet<string> = new Set(Object.values(headings));

/** A cited part of a message; indices count Unicode code points, the end is the first one behind it. */
export interface UrlCitation {
  start_index: number;
  end_index: number;
  url: string;
  title: string;
}

export interface SourceList {
  /** To be put behind the answer; empty without sources. */
  text: string;
  citations: UrlCitation[];
}

/** The best sources, each once, as a short list that follows `answer`, and where in the whole text they stand. */
export function composeSourceList(
  answer: string,
  sources: readonly Source[],
  language: Language,
): SourceList {
  const listed = sources
    .filter(({ url }, index) => url === null || sources.findIndex((other) => other.url === url) === index)
    .slice(0, listedSources);
  if (listed.length === 0) return { text: '', citations: [] };
  const citations: UrlCitation[] = [];
  let text = `\n\n${headings[language]}`;
  for (const { question: title, url: address } of listed) {
    const url = address !== null && parseWebAddress(address) !== undefined ? address : null;
    text += '\n- ';
    const start_index = countCharacters(answer + text);
    text += url === null ? toLabel(title) : `[${toLabel(title)}](${toLinkTarget(url)})`;
    if (url !== null) citations.push({ start_index, end_index: countCharacters(answer + text), url, title });
  }
  return { text, citations };
}

/** An earlier answer as the model wrote it: clients send back what they got, list and all. */
export function withoutSourceList(answer: string): string {
  const lines = answer.trimEnd().split('\n');
  let at = lines.length - 1;
  while (lines[at]?.startsWith('- ')) at -= 1;
  const hasList =
    at < lines.length - 1 && at >= 2 && headingLines.has(lines[at] ?? '') && lines[at - 1] === '';
  return hasList ? lines.slice(0, at - 1).join('\n') : answer;
}

const countCharacters = (text: string) => [...text].length;
const toLabel = (title: string) => title.replace(/\s+/g, ' ').replace(/[[\]\\]/g, '\\$&');
/** Parentheses and spaces would end a Markdown link. */
const toLinkTarget = (url: string) => url.replaceAll('(', '%28').replaceAll(')', '%29').replace(/\s/g, '%20');
