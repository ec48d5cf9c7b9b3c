import type { ConvertedDocument, DocumentSection } from './converted-document.ts';
import { deriveEntryId } from './derive-entry-id.ts';
import { createRawFile, type RawFile, refuse } from './raw-file.ts';

const shownCharacters = 80;

/** One entry a heading; what has no heading, or nothing below it, is told. */
export function parseDocumentKnowledge(file: string, document: ConvertedDocument): RawFile {
  const { sections, title, url } = document;
  const result = createRawFile({ notes: document.notes.map((message) => ({ place: file, message })) });
  const language = findLanguage(document);
  const category =
    title ??
    file
      .split(/[\\/]/)
      .at(-1)
      ?.replace(/\.[^.]*$/, '') ??
    file;
  const questions = nameQuestions(sections);
  for (const [i, section] of sections.entries()) {
    const place = [file, section.place ?? (section.heading && `"${shorten(section.heading)}"`)]
      .filter(Boolean)
      .join(' ');
    const question = questions[i] ?? '';
    if (question === '') {
      const message = `text above the first heading belongs to no question, and was left out: "${shorten(section.markdown)}"`;
      result.notes.push({ place, message });
    } else if (section.markdown === '') {
      result.notes.push({
        place,
        message: `"${shorten(section.heading)}" has no text of its own, and is no entry`,
      });
    } else {
      const id = deriveEntryId(file, question);
      const fields = { id, question, answer: section.markdown, category, language, ...(url && { url }) };
      result.entries.push({ fields, hasDerivedId: true, locate: () => place });
    }
  }
  return result.entries.length > 0
    ? result
    : refuse(file, 'has no headings with text below them, of which entries could be made');
}

/** Headings that stand several times ("Contact") are told apart by the heading above them. */
function nameQuestions(sections: readonly DocumentSection[]): string[] {
  const counts = new Map<string, number>();
  for (const { heading } of sections) counts.set(heading, (counts.get(heading) ?? 0) + 1);
  const above: DocumentSection[] = [];
  return sections.map((section) => {
    while (above.length > 0 && (above.at(-1)?.level ?? 0) >= section.level) above.pop();
    const parent = above.at(-1)?.heading;
    above.push(section);
    return parent && (counts.get(section.heading) ?? 0) > 1
      ? `${parent}: ${section.heading}`
      : section.heading;
  });
}

const shorten = (text: string) => {
  const line = text
    .slice(0, 2 * shownCharacters)
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > shownCharacters ? `${line.slice(0, shownCharacters)} …` : line;
};

/** The language that a document names, or the one whose commonest words it has. */
function findLanguage({ language, sections }: ConvertedDocument): 'de' | 'en' {
  const [named] = /^(?:de|en)\b/i.exec(language ?? '') ?? [];
  if (named) return named.toLowerCase() === 'de' ? 'de' : 'en';
  const text = sections.map(({ heading, markdown }) => `${heading} ${markdown}`).join(' ');
  const german = text.match(/\b(?:der|die|das|und|nicht|ist|sind|mit|auf|für|werden)\b/giu)?.length ?? 0;
  const english = text.match(/\b(?:the|and|of|is|are|for|with|not|you|be)\b/gi)?.length ?? 0;
  return german > english ? 'de' : 'en';
}
