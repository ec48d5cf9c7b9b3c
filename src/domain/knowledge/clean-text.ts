import { decodeHTMLStrict } from 'entities';
import { fromHtml } from 'hast-util-from-html';
import { dropInvisible } from '../language/drop-invisible.ts';
import { findHtmlTags, htmlToMarkdown, isHtmlTag } from './html-to-markdown.ts';
import { findTags, parseBlocks, type References, renderHtml } from './markdown-blocks.ts';

export interface CleanText {
  text: string;
  /** What was changed that its writer should know of. */
  notes: string[];
}

/** Longer texts are refused anyway, and not worth the work. */
const maxCharacters = 100_000;
const htmlBeginning =
  /^\s*<(?:p|div|ul|ol|h[1-6]|table|section|article|span|br|strong|b|em|i|a|blockquote|html|body|!doctype)\b/i;

/** Line breaks of every kind become `\n`, spaces that do not break plain ones, and what nobody sees is dropped. */
const cleanCharacters = (text: string): string =>
  dropInvisible(text.replace(/\r\n?|[\v\f\u0085]/g, '\n').replace(/[\u00A0\u202F]/g, ' '));

/** A question, name or keyword: entities are decoded, tags removed. */
export function cleanLine(text: string): CleanText {
  if (text.length > maxCharacters) return { text, notes: [] };
  const tags = text.includes('<') ? findHtmlTags(text) : [];
  const plain = tags.length > 0 ? textOf(fromHtml(text, { fragment: true })) : decodeHTMLStrict(text);
  return {
    text: cleanCharacters(plain),
    notes: tags.length > 0 ? [`holds HTML (${tags.join(', ')}), of which the text was taken`] : [],
  };
}

interface HtmlNode {
  type: string;
  value?: string;
  children?: readonly HtmlNode[];
}

const textOf = ({ type, value, children }: HtmlNode): string =>
  type === 'text' ? (value ?? '') : (children ?? []).map(textOf).join('');

/** An answer in Markdown: HTML becomes Markdown, comments go, and entities are decoded where they are none of code. */
export function cleanAnswer(text: string): CleanText {
  if (text.length > maxCharacters) return { text, notes: [] };
  const { text: converted, notes } = convertHtml(text);
  return { text: cleanCharacters(decodeOutsideCode(converted)), notes };
}

function convertHtml(text: string): CleanText {
  if (!/<[a-z/!?]/i.test(text)) return { text, notes: [] };
  if (htmlBeginning.test(text)) return describe(htmlToMarkdown(text), findHtmlTags(text));
  const found = findTags(text);
  const tags = findHtmlTags(found.join('\n'));
  const comments = found.filter((tag) => tag.startsWith('<!--'));
  if (tags.length + comments.length === 0) return { text, notes: [] };
  return describe(toPlainMarkdown(text), tags, comments.length);
}

function describe(
  { markdown, lost }: ReturnType<typeof htmlToMarkdown>,
  tags: readonly string[],
  comments = 0,
): CleanText {
  const notes: string[] = [];
  if (tags.length > 0) notes.push(`holds HTML (${tags.join(', ')}), which was turned into Markdown`);
  if (lost.length > 0) notes.push(`loses what cannot be shown: ${lost.join(', ')}`);
  if (comments > 0) notes.push('holds a comment, which was left out');
  return { text: markdown, notes };
}

/** Markdown without HTML, comments and reference definitions. */
export function toPlainMarkdown(markdown: string, references: References = {}) {
  return htmlToMarkdown(renderHtml(markdown, references, isHtmlTag));
}

/** `&lt;` stays before what would be taken for a tag. */
function decodeOutsideCode(text: string): string {
  if (!text.includes('&')) return text;
  const lines = text.split('\n');
  for (const { type, start, end } of parseBlocks(text).blocks) {
    if (type !== 'fence' && type !== 'code_block') continue;
    for (let i = start; i < end; i++) lines[i] = (lines[i] ?? '').replaceAll('&', '\u0000');
  }
  return splitAtCode(lines.join('\n'))
    .map(({ text: part, isCode }) =>
      isCode
        ? part
        : part.replace(/&(?!lt;\/?[a-z!?])(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z0-9]{1,31});/gi, decodeEntity),
    )
    .join('')
    .replaceAll('\u0000', '&');
}

const decodeEntity = (entity: string) => decodeHTMLStrict(entity);

/** A span of code stands between two runs of as many backticks. */
function splitAtCode(text: string): { text: string; isCode: boolean }[] {
  const runs = [...text.matchAll(/`+/g)].map(({ 0: { length }, index }) => ({ index, length }));
  const nextOfLength = new Map<number, number>();
  const closing: (number | undefined)[] = [];
  for (let i = runs.length - 1; i >= 0; i--) {
    const { length = 0 } = runs[i] ?? {};
    closing[i] = nextOfLength.get(length);
    nextOfLength.set(length, i);
  }
  const parts: { text: string; isCode: boolean }[] = [];
  let position = 0;
  for (let i = 0; i < runs.length; i++) {
    const [opened, closed] = [runs[i], runs[closing[i] ?? -1]];
    if (!opened || !closed) continue;
    const end = closed.index + closed.length;
    parts.push({ text: text.slice(position, opened.index), isCode: false });
    parts.push({ text: text.slice(opened.index, end), isCode: true });
    position = end;
    i = closing[i] ?? i;
  }
  return [...parts, { text: text.slice(position), isCode: false }];
}
