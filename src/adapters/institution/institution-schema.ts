import { z } from 'zod';
import type { InstitutionWords, Phrase } from '../../domain/institution.ts';

const line = z.string({ error: 'must be text' }).trim().min(1, { error: 'is empty' });
const texts = z.object({ en: line, de: line });
const id = line.regex(/^[\p{L}\p{N}_-]+$/u, { error: 'may hold letters, digits, _ and - only' });
const wordList = line.transform((text) => text.split(/\s+/));
const wordSet = wordList.transform((words): ReadonlySet<string> => new Set(words));
const toMap = <T>(record: Record<string, T>): ReadonlyMap<string, T> => new Map(Object.entries(record));

/** A regular expression, without regard to case unless `flags` says otherwise. */
const pattern = (flags = 'iu') =>
  line.transform((source, context) => {
    try {
      return new RegExp(source, flags);
    } catch (error) {
      context.addIssue(`is no regular expression: ${(error as Error).message.split(': ').at(-1)}`);
      return z.NEVER;
    }
  });
const patterns = z.array(pattern());

const ids = <T extends z.ZodType<{ id: string }>>(element: T) =>
  z
    .array(element)
    .min(1)
    .refine((list) => new Set(list.map((each) => each.id)).size === list.length, {
      error: 'has an id twice',
    });

const fileWords = z.array(line.toLowerCase()).default([]);

export const institutionSchema = z.strictObject({
  name: texts.extend({ short: line }),
  ownNames: patterns.default([]),
  campuses: ids(
    z.strictObject({
      id,
      name: texts,
      emergency: id,
      isSmall: z.boolean().default(false),
      patterns,
      fileWords,
    }),
  ),
  roles: ids(
    z.strictObject({ id, name: texts, noun: texts, patterns, activities: patterns.default([]), fileWords }),
  ),
  offices: ids(
    z
      .strictObject({
        id,
        contact: texts,
        subjects: patterns.default([]),
        exactSubjects: z.array(pattern('u')).default([]),
        campuses: z.array(id).default([]),
        roles: z.array(id).default([]),
      })
      .transform(({ exactSubjects, subjects, ...office }) => ({
        ...office,
        subjects: [...subjects, ...exactSubjects],
      })),
  ),
});

const lines = line.transform((text) =>
  text
    .split('\n')
    .map((each) => each.trim())
    .filter((each) => each !== '' && !each.startsWith('#')),
);
const commaList = line.transform((text) => text.split(',').map((each) => each.trim()));

export const emergenciesSchema = z.strictObject({
  lookAlikes: lines,
  setAside: lines,
  words: z.record(id, commaList).transform(toMap),
  kinds: ids(
    z.strictObject({
      id,
      entries: z.array(id).min(1),
      categories: ids(z.strictObject({ id, rules: lines })),
    }),
  ),
  notices: z.record(id, z.record(id, texts).transform(toMap)).transform(toMap),
});

export const repliesSchema = z
  .strictObject({
    smallTalk: z.strictObject({
      fillers: wordSet,
      kinds: ids(z.strictObject({ id, words: wordSet, reply: texts })),
    }),
    clarifications: z.strictObject({ campus: texts, role: texts }),
    entries: z.strictObject({
      otherLanguage: texts,
      unsure: texts,
      notThat: texts,
      unknown: texts,
      more: texts,
    }),
  })
  .transform(({ entries, ...replies }) => ({ ...replies, entrySentences: entries }));

const phrases = z.array(z.tuple([pattern(), line, pattern().optional()]).transform((pair): Phrase => pair));

export const languageSchema = z.strictObject({
  stopWords: z.strictObject({ en: wordSet, de: wordSet }),
  genericWords: z.strictObject({ en: wordList, de: wordList }),
  englishWords: wordSet,
  functionWords: z.record(line, line).transform(toMap),
  phrases: z.strictObject({ en: phrases, de: phrases }),
});

const contentLines = (text: string) =>
  text
    .split('\n')
    .map((content, at) => ({ content: content.trim(), number: at + 1 }))
    .filter(({ content }) => content !== '' && !content.startsWith('#'));

/** Lines of `german, german: english/english english`. */
export function parseGlossary(
  text: string,
  onFault: (line: number, message: string) => void,
): InstitutionWords['glossary'] {
  return contentLines(text).flatMap(({ content, number }) => {
    const [german, english, ...rest] = content.split(': ');
    if (!german || !english || rest.length > 0) {
      onFault(number, 'must be "german, german: english/english english"');
      return [];
    }
    return [{ german: german.split(', '), english: english.split(' ').map((word) => word.split('/')) }];
  });
}

/** Lines of words that mean about the same. */
export const parseSynonyms = (text: string): InstitutionWords['synonyms'] =>
  contentLines(text).map(({ content }) => content.split(/\s+/));
