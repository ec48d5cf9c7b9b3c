import { z } from 'zod';
import { languages } from '../audience.ts';
import { parseWebAddress } from '../web-address.ts';
import { cleanAnswer, cleanLine } from './clean-text.ts';
import type { KnowledgeEntry } from './knowledge-entry.ts';
import type { KnowledgeFault } from './knowledge-fault.ts';
import type { AudienceWords } from './parse-audience.ts';
import { countByMessage, type RawEntry } from './raw-file.ts';

export interface ParsedEntry {
  entry: KnowledgeEntry;
  /** Where the entry begins. */
  place: string;
}

export interface ParsedEntries {
  entries: ParsedEntry[];
  faults: KnowledgeFault[];
  warnings: KnowledgeFault[];
}

const limits = {
  id: 128,
  question: 500,
  answer: 8000,
  category: 120,
  keyword: 100,
  keywords: 50,
  alternatives: 40,
  url: 2048,
} as const;

/** Control characters other than line breaks and tabs, and halves of surrogate pairs. */
const unprintable = /[^\P{Cc}\n\t]|\p{Surrogate}/u;

const missingOr = (message: string) => (issue: { input?: unknown }) =>
  issue.input === undefined ? 'is missing' : message;

const text = (maxLength: number) =>
  z
    .string({ error: missingOr('must be text') })
    .transform((value) => value.trim())
    .refine((value) => value !== '', { error: 'is empty', abort: true })
    .refine((value) => !unprintable.test(value), {
      error: 'holds a control character or broken Unicode',
    })
    .refine((value) => value.length <= maxLength, { error: `is longer than ${maxLength} characters` });

const line = (maxLength: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' ? cleanLine(value).text.replace(/\s+/g, ' ') : value),
    text(maxLength),
  );

/** Numbers too large to be exact are refused: what they were is lost. */
const wordOrNumber = (maxLength: number) =>
  z.preprocess(
    (value) =>
      Number.isSafeInteger(value) || (typeof value === 'number' && value % 1) ? String(value) : value,
    line(maxLength),
  );

/** A list, or one text with its elements between `separator`s. */
const listOf = <T extends z.ZodType>(element: T, maxCount: number, separator: RegExp) =>
  z.preprocess(
    (value) => (typeof value === 'string' ? splitList(value, separator) : (value ?? [])),
    z
      .array(element, { error: 'must be a list, or text' })
      .max(maxCount, { error: `has more than ${maxCount} elements` }),
  );

const splitList = (value: string, separator: RegExp) =>
  value
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '');

const wordOf = <T>(find: (word: string) => T | undefined, allowed: readonly string[]) =>
  line(100).transform((word, context) => {
    const found = find(word);
    if (found === undefined) context.addIssue(`"${word}" is not known; allowed: ${allowed.join(', ')}`);
    return found ?? z.NEVER;
  });

const isWebAddress = (value: string) => parseWebAddress(value) !== undefined;

const url = line(limits.url).refine(isWebAddress, {
  error: 'must be an address beginning with https:// or http://',
});

/** Free text that names sources; the first web address in it is the entry's. What looks like one must be one. */
const source = line(limits.url).transform((value, context) => {
  const addresses = value.split(/,\s|\s/).filter((part) => /^[a-z][a-z0-9+.-]*:\S/i.test(part));
  for (const address of addresses) {
    if (!isWebAddress(address)) context.addIssue(`"${address}" must begin with https:// or http://`);
  }
  return addresses.find(isWebAddress) ?? null;
});

const everyone = new Set<string>(['everyone', 'everywhere']);
const narrow = (words: readonly string[]): string[] =>
  words.some((word) => everyone.has(word)) ? [] : [...new Set(words)];

const commas = /[,;|]/;
const phrases = /[;|\n]/;

/** A day as `2026-11-25`, or as German spreadsheets write it: `25.11.2026`. */
const day = line(100).transform((value, context) => {
  const isoDay = value.replace(/^(\d{1,2})\.(\d{1,2})\.(\d{4})$/, (_, d: string, m: string, y: string) =>
    [y, m.padStart(2, '0'), d.padStart(2, '0')].join('-'),
  );
  if (z.iso.date().safeParse(isoDay).success) return isoDay;
  context.addIssue('must be a day such as 2026-11-25');
  return z.NEVER;
});

const createFieldsSchema = (words: AudienceWords) =>
  z.object({
    id: wordOrNumber(limits.id).refine((value) => /^[\p{L}\p{N}][\p{L}\p{N}._:-]*$/u.test(value), {
      error: 'may hold letters, digits and . _ : - only',
    }),
    question: line(limits.question),
    answer: text(limits.answer),
    category: wordOrNumber(limits.category),
    roles: listOf(wordOf(words.findRole, [...words.roles, 'all']), 20, commas).transform(narrow),
    campuses: listOf(wordOf(words.findCampus, [...words.campuses, 'all']), 20, commas).transform(narrow),
    keywords: listOf(wordOrNumber(limits.keyword), limits.keywords, commas),
    alternatives: listOf(line(limits.question), limits.alternatives, phrases),
    url: url.nullish(),
    source: source.nullish(),
    language: wordOf(words.findLanguage, languages).prefault('en'),
    question_de: line(limits.question).nullish(),
    answer_de: text(limits.answer).nullish(),
    verified_at: day.nullish(),
    valid_until: day.nullish(),
  });
type Fields = z.infer<ReturnType<typeof createFieldsSchema>>;

const createEntrySchema = (words: AudienceWords) =>
  createFieldsSchema(words).superRefine((fields, context) => {
    const { question_de, answer_de, language, verified_at, valid_until } = fields;
    const fault = (field: keyof Fields, message: string) =>
      context.addIssue({ code: 'custom', path: [field], message });
    if (question_de && !answer_de) fault('answer_de', 'is missing beside question_de');
    if (answer_de && !question_de) fault('question_de', 'is missing beside answer_de');
    if (question_de && language === 'de') {
      fault('question_de', 'is for entries in English; question and answer of this one are German already');
    }
    if (verified_at && valid_until && valid_until < verified_at)
      fault('valid_until', 'lies before verified_at');
  });

type EntrySchema = ReturnType<typeof createEntrySchema>;

const aliases: Readonly<Record<string, string>> = { role: 'roles', campus: 'campuses', lang: 'language' };
/** `content` repeats question and answer in files made for another system. */
const ignoredFields = new Set(['content']);

const canonicalName = (name: string) => aliases[name] ?? name;

const fieldNames: ReadonlySet<string> = new Set([
  'id',
  'question',
  'answer',
  'category',
  'roles',
  'campuses',
  'keywords',
  'alternatives',
  'url',
  'source',
  'language',
  'question_de',
  'answer_de',
  'verified_at',
  'valid_until',
] satisfies (keyof Fields)[]);

/** True for the names that a knowledge file may use for a field. */
export const isEntryField = (name: string) => fieldNames.has(canonicalName(name));

/** Turns what files hold into entries. Every fault of every entry is found; ids must be unique over all of them. */
export function parseEntries(raw: readonly RawEntry[], words: AudienceWords): ParsedEntries {
  const entrySchema = createEntrySchema(words);
  const result: ParsedEntries = { entries: [], faults: [], warnings: [] };
  for (const each of raw) parseOne(each, entrySchema, result);
  result.faults.push(...findRepeatedIds(raw));
  return { ...result, warnings: countByMessage(result.warnings) };
}

const describeRepeatedId = (id: string, { fields, hasDerivedId }: RawEntry, earlier: string) =>
  hasDerivedId
    ? `question "${String(fields.question)}" stands at ${earlier} already: word it otherwise, or give each an id`
    : `id "${id}" is already used at ${earlier}`;

function findRepeatedIds(raw: readonly RawEntry[]): KnowledgeFault[] {
  const faults: KnowledgeFault[] = [];
  const places = new Map<unknown, string>();
  for (const entry of raw) {
    const { fields, locate } = entry;
    const id = ['string', 'number'].includes(typeof fields.id) ? String(fields.id).trim() : '';
    const earlier = places.get(id);
    if (earlier) faults.push({ place: locate(['id']), message: describeRepeatedId(id, entry, earlier) });
    else if (id) places.set(id, locate([]));
  }
  return faults;
}

function parseOne(
  { fields, locate }: RawEntry,
  entrySchema: EntrySchema,
  { entries, faults, warnings }: ParsedEntries,
): void {
  const known: Record<string, unknown> = {};
  const originalNames = new Map<string, string>();
  for (const [name, value] of Object.entries(fields)) {
    if (ignoredFields.has(name) || isNotGiven(name, value)) continue;
    if (isEntryField(name)) {
      const { text, notes } = cleanField(canonicalName(name), value);
      warnings.push(...notes.map((note) => ({ place: locate([name]), message: `${name} ${note}` })));
      known[canonicalName(name)] = text;
      originalNames.set(canonicalName(name), name);
    } else {
      warnings.push({ place: locate([name]), message: `field "${name}" is not known, and was left out` });
    }
  }
  const parsed = entrySchema.safeParse(known);
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) {
      const [field = '', ...rest] = path;
      const name = originalNames.get(String(field)) ?? field;
      faults.push({ place: locate([name, ...rest]), message: `${String(name)} ${message}` });
    }
    return;
  }
  if (!parsed.data.url && parsed.data.source === null) {
    warnings.push({ place: locate(['source']), message: 'source holds no web address; the entry has none' });
  }
  entries.push({ entry: toEntry(parsed.data), place: locate([]) });
}

/** An empty text says nothing, but for the two that an entry cannot do without. */
const isNotGiven = (name: string, value: unknown) =>
  value === null ||
  (typeof value === 'string' && value.trim() === '' && !['question', 'answer'].includes(name));

function cleanField(name: string, value: unknown): { text: unknown; notes: string[] } {
  if (typeof value !== 'string') return { text: value, notes: [] };
  if (name === 'answer' || name === 'answer_de') return cleanAnswer(value);
  return name === 'question' || name === 'question_de' ? cleanLine(value) : { text: value, notes: [] };
}

/** What is not given is left out, as the stores leave it out, so that an entry equals what was stored of it. */
function toEntry(fields: Fields): KnowledgeEntry {
  const { url, source, question_de, answer_de, verified_at, valid_until, ...entry } = fields;
  return {
    ...entry,
    url: url ?? source ?? null,
    ...(question_de && { questionDe: question_de }),
    ...(answer_de && { answerDe: answer_de }),
    ...(verified_at && { verifiedAt: verified_at }),
    ...(valid_until && { validUntil: valid_until }),
  };
}
