import { Lexer, type Token } from 'marked';

/** UTF-16 code units; more than a model may write. */
const longestText = 32_000;
/** Characters that begin or end something within a paragraph: reading them takes the square of their number. */
const marks = /[*_~`![\]<&\\]/g;
const mostMarks = 3000;
const mostMarksInBlock = 1000;
/** Quotes and lists within each other; each level is read once for each that it stands in. */
const nested = /^[ \t]*(?:(?:>|[-+*]|\d{1,9}[.)])[ \t]*){9}/m;
const indented = /^[ \t]{41}/m;

const countMarks = (text: string) => text.match(marks)?.length ?? 0;
const splitBlocks = (text: string) => text.split(/(?<=\n)\n+/);

/** Whether a text is laid out as people and models do, so that its layout is read in no noticeable time. */
function isOrdinary(markdown: string): boolean {
  if (markdown.length > longestText || nested.test(markdown) || indented.test(markdown)) return false;
  return (
    countMarks(markdown) <= mostMarks &&
    splitBlocks(markdown).every((block) => countMarks(block) <= mostMarksInBlock)
  );
}

const toPlainBlock = (raw: string): Token => ({
  type: 'paragraph',
  raw,
  text: raw.trim(),
  tokens: [{ type: 'escape', raw, text: raw.trim() }],
});

/**
 * The blocks of a Markdown text; each knows its own source in `raw`. A text laid out so that reading it would stop the
 * page is shown as written.
 */
export const parseBlocks = (markdown: string): Token[] =>
  isOrdinary(markdown)
    ? new Lexer({ gfm: true, breaks: false }).lex(markdown)
    : splitBlocks(markdown)
        .filter((block) => block.trim() !== '')
        .map(toPlainBlock);
