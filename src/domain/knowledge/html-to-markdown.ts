import { fromHtml } from 'hast-util-from-html';
import { toMdast } from 'hast-util-to-mdast';
import { htmlTagNames } from 'html-tag-names';
import { gfmStrikethroughToMarkdown } from 'mdast-util-gfm-strikethrough';
import { gfmTableToMarkdown } from 'mdast-util-gfm-table';
import { toMarkdown } from 'mdast-util-to-markdown';

const tagNames: ReadonlySet<string> = new Set(htmlTagNames);
/** What has no counterpart in a text that is read in a chat. */
const lostTags = ['iframe', 'form', 'input', 'video', 'audio', 'object', 'embed', 'svg', 'canvas', 'img'];

export const isHtmlTag = (name: string) => tagNames.has(name.toLowerCase());

/** Names of the HTML tags in a text; `<Matrikelnummer>` is none. */
export function findHtmlTags(text: string): string[] {
  const names = [...text.matchAll(/<\/?([a-z][a-z0-9-]*)(?=[\s/>])/gi)].map(([, name = '']) =>
    name.toLowerCase(),
  );
  return [...new Set(names)].filter(isHtmlTag);
}

export interface ConvertedHtml {
  markdown: string;
  /** Names of tags whose content has no counterpart in Markdown. */
  lost: string[];
}

/** HTML in Markdown: links, lists, emphasis, headings, tables and code stay, scripts and styles go. */
export function htmlToMarkdown(html: string): ConvertedHtml {
  const tree = fromHtml(html, { fragment: true });
  const handlers = { img: () => undefined, input: () => undefined };
  const nodeHandlers = { comment: () => undefined };
  const markdown = toMarkdown(toMdast(tree, { handlers, nodeHandlers }), markdownStyle)
    // The library writes what would otherwise vanish at the ends of lines as entities.
    .replace(/&#x20;/gi, ' ')
    .trim();
  const tags = findHtmlTags(html);
  return { markdown, lost: lostTags.filter((name) => tags.includes(name)) };
}

export const markdownStyle: Parameters<typeof toMarkdown>[1] = {
  bullet: '-',
  emphasis: '_',
  listItemIndent: 'one',
  rule: '-',
  resourceLink: false,
  extensions: [gfmTableToMarkdown({ tablePipeAlign: false }), gfmStrikethroughToMarkdown()],
};
