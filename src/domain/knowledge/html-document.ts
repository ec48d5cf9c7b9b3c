import type { Element, Root, RootContent } from 'hast';
import { fromHtml } from 'hast-util-from-html';
import { toMdast } from 'hast-util-to-mdast';
import type { RootContent as Block, Heading, Nodes } from 'mdast';
import { toMarkdown } from 'mdast-util-to-markdown';
import type { ConvertedDocument, DocumentSection } from './converted-document.ts';
import { markdownStyle } from './html-to-markdown.ts';

/** What frames the text of a page, and what no text is. */
const frames = new Set([
  'nav',
  'header',
  'footer',
  'aside',
  'script',
  'style',
  'template',
  'noscript',
  'form',
  'dialog',
  'svg',
]);
const lost: Readonly<Record<string, string>> = {
  img: 'images',
  video: 'videos',
  audio: 'sound',
  iframe: 'embedded pages',
  object: 'embedded objects',
};

/**
 * The text of an HTML page by its headings: of `main` or `article` where it has one, without navigation and forms.
 * @param url Against which links are resolved; without one, relative links lose their address
 */
export function parseHtmlDocument(html: string, url?: string): ConvertedDocument {
  const tree = fromHtml(html, { fragment: false });
  const page = findElement(tree, ({ tagName }) => tagName === 'html');
  const title = findElement(tree, ({ tagName }) => tagName === 'title');
  const canonical = findElement(
    tree,
    ({ tagName, properties }) => tagName === 'link' && String(properties.rel) === 'canonical',
  );
  const body =
    findElement(tree, ({ tagName, properties }) => tagName === 'main' || properties.role === 'main') ??
    findElement(tree, ({ tagName }) => tagName === 'article') ??
    findElement(tree, ({ tagName }) => tagName === 'body') ??
    tree;
  const address = url ?? webAddressOf(canonical?.properties.href);
  const found = new Set<string>();
  const text: Root = { type: 'root', children: clean(body.children as RootContent[], address, found) };
  const blocks = toMdast(text, { document: true, nodeHandlers: { comment: () => undefined } });
  const sections = splitAtHeadings(blocks.type === 'root' ? blocks.children : []);
  return {
    title: (title && textOf(title).trim()) || sections.find(({ level }) => level === 1)?.heading,
    language: typeof page?.properties.lang === 'string' ? page.properties.lang : undefined,
    ...(address && { url: address }),
    sections,
    notes: found.size > 0 ? [`loses what cannot be shown: ${[...found].join(', ')}`] : [],
  };
}

const webAddressOf = (href: unknown) => (/^https?:\/\//i.test(String(href)) ? String(href) : undefined);

function findElement(root: Root, fits: (element: Element) => boolean): Element | undefined {
  const stack: RootContent[] = root.children.toReversed();
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (node.type !== 'element') continue;
    if (fits(node)) return node;
    stack.push(...node.children.toReversed());
  }
  return undefined;
}

function clean(nodes: readonly RootContent[], url: string | undefined, found: Set<string>): RootContent[] {
  return nodes.flatMap((node): RootContent[] => {
    if (node.type !== 'element') return [node];
    const { tagName, properties, children } = node;
    if (frames.has(tagName) || properties.hidden !== undefined) return [];
    const what = lost[tagName];
    if (what) {
      found.add(what);
      return [];
    }
    const inside = clean(children, url, found) as Element['children'];
    if (tagName === 'a') return cleanLink(node, inside, url);
    return [{ ...node, children: inside }];
  });
}

/** A link that leads nowhere outside its page is text. */
function cleanLink(link: Element, children: Element['children'], url: string | undefined): RootContent[] {
  const href = String(link.properties.href ?? '');
  const address = URL.canParse(href, url) ? new URL(href, url) : undefined;
  const leads =
    address !== undefined && /^(?:https?|mailto|tel):$/.test(address.protocol) && !href.startsWith('#');
  return leads ? [{ ...link, properties: { href: address.href }, children }] : children;
}

function splitAtHeadings(blocks: readonly Block[]): DocumentSection[] {
  const parts: { heading: Heading | undefined; blocks: Block[] }[] = [{ heading: undefined, blocks: [] }];
  for (const block of blocks) {
    if (block.type === 'heading') parts.push({ heading: block, blocks: [] });
    else parts.at(-1)?.blocks.push(block);
  }
  return parts
    .map(({ heading, blocks: inside }) => ({
      heading: heading ? textOf(heading).replace(/\s+/g, ' ').trim() : '',
      level: heading?.depth ?? 1,
      markdown: toMarkdown({ type: 'root', children: inside }, markdownStyle).trim(),
    }))
    .filter(({ heading, markdown }) => heading !== '' || markdown !== '');
}

function textOf(node: Nodes | Root | RootContent): string {
  if (node.type === 'break') return ' ';
  if ('value' in node) return node.type === 'comment' ? '' : String(node.value ?? '');
  return 'children' in node ? (node.children as Nodes[]).map(textOf).join('') : '';
}
