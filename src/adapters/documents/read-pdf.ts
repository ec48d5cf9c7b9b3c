import { getDocumentProxy } from 'unpdf';
import {
  type ConvertedDocument,
  DocumentRefusal,
  type DocumentSection,
} from '../../domain/knowledge/converted-document.ts';

const maxPages = 200;
/** Of the size of most of the text: what is larger by this is a heading. */
const headingFactor = 1.15;
const maxHeadingCharacters = 200;

interface Line {
  text: string;
  /** Height of its letters, in points. */
  size: number;
  /** Distance from the bottom of the page. */
  y: number;
  page: number;
}

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;

/** @throws DocumentRefusal */
export async function readPdf(bytes: Uint8Array): Promise<ConvertedDocument> {
  const pdf = await open(bytes);
  if (pdf.numPages > maxPages) throw new DocumentRefusal(`has more than ${maxPages} pages`);
  const lines: Line[] = [];
  const emptyPages: number[] = [];
  for (let page = 1; page <= pdf.numPages; page++) {
    const found = await readLines(pdf, page);
    if (found.length === 0) emptyPages.push(page);
    lines.push(...found);
  }
  if (lines.length === 0) {
    throw new DocumentRefusal(
      'holds pictures of text: let a program for text recognition (OCR) read it first',
    );
  }
  const { info } = await pdf.getMetadata();
  const { Title: title, Language: language } = info as { Title?: string; Language?: string };
  return {
    title: title?.trim() || undefined,
    language,
    sections: toSections(lines),
    notes: emptyPages.length > 0 ? [`pages without text were left out: ${emptyPages.join(', ')}`] : [],
  };
}

async function open(bytes: Uint8Array): Promise<Pdf> {
  try {
    return await getDocumentProxy(new Uint8Array(bytes), {
      isEvalSupported: false,
      verbosity: 0,
      stopAtErrors: false,
    });
  } catch (error) {
    const isLocked = (error as Error).name === 'PasswordException';
    throw new DocumentRefusal(isLocked ? 'is protected by a password' : 'is no PDF, or a damaged one');
  }
}

async function readLines(pdf: Pdf, page: number): Promise<Line[]> {
  const { items } = await (await pdf.getPage(page)).getTextContent();
  const lines: Line[] = [];
  let isNew = true;
  for (const item of items) {
    if (!('str' in item)) continue;
    const y = Number(item.transform[5]);
    const last = lines.at(-1);
    if (item.str.trim() !== '') {
      if (isNew || last === undefined || Math.abs(last.y - y) > item.height / 2) {
        lines.push({ text: item.str, size: item.height, y, page });
      } else {
        last.text += item.str;
        last.size = Math.max(last.size, item.height);
      }
      isNew = false;
    } else if (last && !isNew) {
      last.text += item.str;
    }
    if (item.hasEOL) isNew = true;
  }
  return lines.filter(({ text }) => text.trim() !== '');
}

function toSections(lines: readonly Line[]): DocumentSection[] {
  const bodySize = findBodySize(lines);
  const sizes = [...new Set(lines.map(({ size }) => Math.round(size)))].sort((a, b) => b - a);
  const sections: (DocumentSection & { lines: Line[]; size: number })[] = [];
  for (const line of lines) {
    const last = sections.at(-1);
    const size = Math.round(line.size);
    const isHeading = line.size >= bodySize * headingFactor && line.text.length <= maxHeadingCharacters;
    if (isHeading && last?.lines.length === 0 && last.size === size) {
      last.heading += ` ${line.text.trim()}`;
    } else if (isHeading) {
      const level = sizes.indexOf(size) + 1;
      sections.push({
        heading: line.text.trim(),
        level,
        markdown: '',
        place: `page ${line.page}`,
        lines: [],
        size,
      });
    } else if (last) {
      last.lines.push(line);
    } else {
      sections.push({ heading: '', level: 1, markdown: '', place: `page ${line.page}`, lines: [line], size });
    }
  }
  return sections.map(({ heading, level, place, lines: inside }) => ({
    heading,
    level,
    markdown: joinLines(inside),
    ...(place && { place }),
  }));
}

/** The size in which most letters are set. */
function findBodySize(lines: readonly Line[]): number {
  const letters = new Map<number, number>();
  for (const { size, text } of lines) letters.set(size, (letters.get(size) ?? 0) + text.length);
  return [...letters].reduce((best, each) => (each[1] > best[1] ? each : best), [0, 0])[0];
}

/** Lines of a paragraph become one; words divided at its end become whole; a wider gap begins a paragraph. */
function joinLines(lines: readonly Line[]): string {
  let text = '';
  for (const [i, line] of lines.entries()) {
    const before = lines[i - 1];
    const gap = before && before.page === line.page ? before.y - line.y : 0;
    const isItem = /^\s*(?:[•▪‣–-]|\d{1,2}[.)])\s/.test(line.text);
    const words = line.text.trim().replace(/^[•▪‣–]\s*/, '- ');
    if (before === undefined) text = words;
    else if (gap > 1.8 * line.size) text += `\n\n${words}`;
    else if (isItem) text += `\n${words}`;
    else if (/\p{Ll}-$/u.test(text) && /^\p{Ll}/u.test(words)) text = text.slice(0, -1) + words;
    else text += ` ${words}`;
  }
  return text.trim();
}
