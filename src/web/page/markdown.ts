import type { Token, Tokens } from 'marked';
import { element } from './element.ts';
import { findSafeLink, isReadable, namesTarget } from './safe-link.ts';

/**
 * Builds the DOM of an answer from the tokens of its Markdown. No string is ever parsed as HTML: tags that a
 * model writes are shown as text, images become links, and a link leads to the web, mail or telephone only.
 */
export const renderBlock = (token: Token): HTMLElement | undefined => {
  switch (token.type) {
    case 'paragraph':
      return element('p', {}, ...renderInline(token.tokens));
    case 'heading':
      return renderHeading(token as Tokens.Heading);
    case 'list':
      return renderList(token as Tokens.List);
    case 'code':
      return element('pre', { tabindex: '0' }, element('code', {}, token.text));
    case 'blockquote':
      return element('blockquote', {}, ...renderBlocks(token.tokens));
    case 'table':
      return renderTable(token as Tokens.Table);
    case 'hr':
      return element('hr');
    case 'space':
    case 'def':
      return undefined;
    case 'text':
      return element('span', {}, ...renderInline(token.tokens ?? [token]));
    default:
      return element('p', {}, token.raw.trim());
  }
};

const renderBlocks = (tokens: Token[] = []) => tokens.map(renderBlock).filter((node) => node !== undefined);

/**
 * The answer stands under an h3 of the page. Models choose levels for their looks: one level keeps the order
 * of headings whole for those who jump from one to the next.
 */
const renderHeading = (token: Tokens.Heading) => element('h4', {}, ...renderInline(token.tokens));

const renderList = (token: Tokens.List) => {
  const items = token.items.map((item) => element('li', {}, ...renderBlocks(item.tokens)));
  return token.ordered
    ? element('ol', { start: String(token.start || 1) }, ...items)
    : element('ul', {}, ...items);
};

const renderTable = (token: Tokens.Table) => {
  const header = token.header.map((cell) => element('th', { scope: 'col' }, ...renderInline(cell.tokens)));
  const rows = token.rows.map((row) =>
    element('tr', {}, ...row.map((cell) => element('td', {}, ...renderInline(cell.tokens)))),
  );
  const table = element(
    'table',
    {},
    element('thead', {}, element('tr', {}, ...header)),
    element('tbody', {}, ...rows),
  );
  // Wide tables scroll by themselves, and the keyboard must reach what scrolls.
  return element('div', { class: 'table-frame', tabindex: '0' }, table);
};

const renderInline = (tokens: Token[] = []): Node[] => tokens.map(renderInlineToken);

const renderInlineToken = (token: Token): Node => {
  switch (token.type) {
    case 'strong':
      return element('strong', {}, ...renderInline(token.tokens));
    case 'em':
      return element('em', {}, ...renderInline(token.tokens));
    case 'del':
      return element('del', {}, ...renderInline(token.tokens));
    case 'codespan':
      return element('code', {}, token.text);
    case 'br':
      return element('br');
    case 'link':
      return renderLink(token.href, renderInline(token.tokens));
    case 'image':
      return renderLink(token.href, [document.createTextNode(token.text || token.href)]);
    case 'escape':
      return document.createTextNode(token.text);
    case 'text':
      return document.createTextNode(plainText(token.text));
    case 'html':
      return /^<br\s*\/?>$/i.test(token.raw) ? element('br') : document.createTextNode(token.raw);
    default:
      return document.createTextNode(token.raw);
  }
};

/** The words of a link, and the host that it leads to where they do not say it; the words alone where it is unsafe. */
const renderLink = (address: string, content: Node[]): Node => {
  const words = content.map((node) => node.textContent).join('');
  const link = isReadable(words) ? findSafeLink(address) : undefined;
  if (link === undefined) return fragment(content);
  const target = namesTarget(words, link)
    ? []
    : [' ', element('span', { class: 'link-target' }, `(${link.target})`)];
  return element(
    'a',
    { href: link.href, target: '_blank', rel: 'noopener noreferrer' },
    ...content,
    ...target,
  );
};

/** The character references that models write; all others stay as they are. */
const characterReferences: Record<string, string> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&nbsp;': '\u00a0',
};

const plainText = (text: string) =>
  text.replace(/&(?:amp|lt|gt|quot|#39|nbsp);/g, (reference) => characterReferences[reference] ?? reference);

const fragment = (nodes: Node[]) => {
  const result = document.createDocumentFragment();
  result.append(...nodes);
  return result;
};
