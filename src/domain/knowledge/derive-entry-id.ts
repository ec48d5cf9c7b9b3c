import { createHash } from 'node:crypto';

/** An id for an entry whose file gives none: readable, and the same as long as file name and question stay. */
export function deriveEntryId(file: string, question: string): string {
  const stem = slug(
    file
      .split(/[\\/]/)
      .at(-1)
      ?.replace(/\.[^.]*$/, '') ?? '',
  ).slice(0, 40);
  const digest = createHash('sha256').update(question).digest('hex').slice(0, 8);
  return [stem, slug(question).slice(0, 60), digest].filter((part) => part !== '').join('-');
}

const slug = (text: string) =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
