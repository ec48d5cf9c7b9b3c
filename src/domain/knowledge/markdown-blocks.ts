import MarkdownIt from 'markdown-it';

/** Link reference definitions by their normalized label, as the parser keeps them. */
export type References = Readonly<Record<string, { href: string; title: string }>>;

export interface Block {
  type: string;
  /** Heading level and the like: `h2`. */
  tag: string;
  /** 0 for blocks of the document itself, more within quotes and lists. */
  depth: number;
  /** Indexes of the first line and of the line after the last. */
  start: number;
  end: number;
  /** Text of the block without its marks; of a heading its inline Markdown. */
  content: string;
}

const options = { html: true };
const inlineParser = new MarkdownIt('default', options);
/** Blocks alone: what stands within them costs nothing. */
const blockParser = new MarkdownIt('default', options);
blockParser.core.ruler.enableOnly(['normalize', 'block']);

/** The blocks of a CommonMark text (with GitHub's tables), in their order. Lines end with `\n`. */
export function parseBlocks(markdown: string): { blocks: Block[]; references: References } {
  const environment: { references?: References } = {};
  const tokens = blockParser.parse(markdown, environment);
  const blocks = tokens.flatMap((token, i): Block[] => {
    if (!token.map || token.type === 'inline') return [];
    const content = token.type.endsWith('_open') ? (tokens[i + 1]?.content ?? '') : token.content;
    const [start, end] = token.map;
    return [{ type: token.type, tag: token.tag, depth: token.level, start, end, content }];
  });
  return { blocks, references: environment.references ?? {} };
}

/** What a person reads of a line of Markdown: words without links, emphasis and tags. */
export function toPlainLine(markdown: string, references: References = {}): string {
  const [inline] = inlineParser.parseInline(markdown.replace(/\n/g, ' '), { references: { ...references } });
  return (inline?.children ?? [])
    .map(({ type, content }) => {
      if (type === 'softbreak' || type === 'hardbreak') return ' ';
      return type === 'html_inline' ? '' : content;
    })
    .join('')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Tags and comments that stand in a Markdown text outside code, as they stand there. */
export function findTags(markdown: string): string[] {
  return inlineParser
    .parse(markdown, {})
    .flatMap((token) => [token, ...(token.children ?? [])])
    .filter(({ type }) => type === 'html_block' || type === 'html_inline')
    .map(({ content }) => content);
}

/** @param keepsTag whether a tag is HTML; others are shown as text */
export function renderHtml(
  markdown: string,
  references: References,
  keepsTag: (name: string) => boolean,
): string {
  const renderer = new MarkdownIt('default', options);
  const escapeUnknown = (html: string) =>
    html.replace(/<(?=\/?([a-z][a-z0-9-]*))/gi, (mark, name: string) => (keepsTag(name) ? mark : '&lt;'));
  renderer.renderer.rules.html_block = (tokens, i) => escapeUnknown(tokens[i]?.content ?? '');
  renderer.renderer.rules.html_inline = (tokens, i) => escapeUnknown(tokens[i]?.content ?? '');
  return renderer.render(markdown, { references: { ...references } });
}

/** Labels of references that a text uses and that are defined. */
export function usesReferences(markdown: string, references: References): boolean {
  if (Object.keys(references).length === 0) return false;
  return [...markdown.matchAll(/\[([^[\]]{1,999})\]/g)].some(
    ([, label = '']) => references[inlineParser.utils.normalizeReference(label)] !== undefined,
  );
}
