import { expect, test } from 'vitest';
import { readKnowledgeFiles } from '../../../src/adapters/knowledge-files/read-knowledge-files.ts';
import { parseKnowledgeFiles } from '../../../src/domain/knowledge/parse-knowledge-files.ts';
import { audienceWords, vocabulary } from '../../fixtures/institution.ts';

const { files } = await readKnowledgeFiles(['infra/knowledge']);
const { entries } = parseKnowledgeFiles(files, audienceWords);
const shipped = entries.map(({ questionDe = '', answerDe = '', ...entry }) => ({
  ...entry,
  questionDe,
  answerDe,
}));

const address =
  /https?:\/\/[^\s)]+|[\w.-]+@[\w.-]+|\b(?:[a-z\d-]+\.)+(?:de|com|org|hn|sg|bayern|eu)\b[^\s)]*/gi;
/** Called so in German, too. */
const properNames =
  /Technical University of Munich|START Munich|Munich Dual Career|Samaritans of Singapore|Singapore Institute/g;
const code = /`[^`]+`/g;
const numberWords = {
  en: ['two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'],
  de: ['zwei', 'drei', 'vier', 'fünf', 'sechs', 'sieben', 'acht', 'neun', 'zehn', 'elf', 'zwölf'],
};

const sorted = (found: Iterable<string>) => [...found].sort();

function listAddresses(text: string): string[] {
  const found = [...(text.match(address) ?? []), ...(text.match(code) ?? [])];
  return sorted(found.map((each) => each.replace(/[.,;:]+$/, '')));
}

/** Each number once, written one way: 1,000 and 1.000 as 1000, 5,5 as 5.5, 9:00 and 9 as 9, "two" as 2. */
function listNumbers(text: string, language: 'en' | 'de'): string[] {
  const thousands = language === 'en' ? /(\d),(?=\d{3}\b)/g : /(\d)\.(?=\d{3}\b)/g;
  const digits = text
    .replace(address, ' ')
    .replace(thousands, '$1')
    .replace(/(\d),(?=\d)/g, '$1.')
    .replace(/\b(\d{1,2}):00\b/g, '$1')
    .match(/\d+(?:[.:]\d+)*/g);
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  const spelt = words.map((word) => numberWords[language].indexOf(word)).filter((index) => index >= 0);
  return sorted(new Set([...(digits ?? []), ...spelt.map((index) => String(index + 2))]));
}

/** The Markdown marks that lines begin with: empty for those of a paragraph. */
const listMarks = (text: string) =>
  text.split('\n').map((line) => /^(?:- |\d+\. |#+ )/.exec(line)?.[0] ?? '');

test('every entry has question and answer in both languages', () => {
  expect(shipped.length).toBeGreaterThan(200);
  const incomplete = shipped.filter(
    ({ language, questionDe, answerDe }) => language !== 'en' || !questionDe || !answerDe,
  );
  expect(incomplete.map(({ id }) => id)).toEqual([]);
});

test.each(shipped)('$id says the same in both languages', ({ answer, answerDe }) => {
  expect(listAddresses(answerDe)).toEqual(listAddresses(answer));
  expect(listNumbers(answerDe, 'de')).toEqual(listNumbers(answer, 'en'));
  expect(listMarks(answerDe)).toEqual(listMarks(answer));
});

test('the German is taken for German', () => {
  const { detectLanguage } = vocabulary;
  const answers = shipped.filter(({ answerDe }) => detectLanguage(answerDe, 'en') !== 'de');
  const questions = shipped.filter(({ questionDe }) => detectLanguage(questionDe, 'de') !== 'de');
  expect([...answers, ...questions].map(({ id }) => id)).toEqual([]);
});

test('answers in German say "Sie"', () => {
  const familiar = /(?<!\p{L})(?:du|dich|dir|dein(?:e[mnrs]?)?|euch|eure?[mnrs]?)(?!\p{L})/iu;
  expect(shipped.filter(({ answerDe }) => familiar.test(answerDe)).map(({ id }) => id)).toEqual([]);
  const addressing = shipped.filter(({ answerDe }) =>
    /(?<!\p{L})(?:Sie|Ihnen|Ihre?[mnrs]?)(?!\p{L})/u.test(answerDe),
  );
  expect(addressing.length).toBeGreaterThan(shipped.length * 0.9);
});

test('campuses have their German names in German', () => {
  const english = shipped.filter(({ questionDe, answerDe }) =>
    /Munich|Singapore/.test(`${questionDe} ${answerDe}`.replace(properNames, '')),
  );
  expect(english.map(({ id }) => id)).toEqual([]);
});
