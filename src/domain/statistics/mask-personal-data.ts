import { cutText } from '../language/normalize-text.ts';
import { isCardNumber, measureIban } from './bank-numbers.ts';
import { maskNames } from './mask-names.ts';
import { toPlainWriting } from './plain-writing.ts';

/**
 * Replaces every match of `pattern` by what `mask` makes of it. Quantifiers in patterns are bounded, and matches begin
 * where words or numbers do, so that each costs a time that grows with the text.
 */
interface Rule {
  pattern: RegExp;
  mask(match: string, groups: Readonly<Record<string, string | undefined>>): string;
}

const countDigits = (text: string) => text.replace(/\D/g, '').length;
const toDigits = (text: string) => text.replace(/\D/g, '');

const local = String.raw`[\p{L}\p{N}_%+-][\p{L}\p{N}._%+-]{0,63}`;
const domainLabel = String.raw`[\p{L}\p{N}-]{1,63}`;
const bracketed = (words: string) => String.raw`\s{0,2}[([{<]\s?(?:${words})\s?[)\]}>]\s{0,2}`;
const atSign = String.raw`(?:\s{0,2}@\s{0,2}|%40|&#64;|&commat;|${bracketed('at|@|ät|a')})`;
const dotWord = String.raw`(?:\s(?:dot|punkt)\s|${bracketed(String.raw`dot|punkt|\.`)})`;
const dot = String.raw`(?:\.|\s\.\s|${dotWord})`;
const wordStart = String.raw`(?<![\p{L}\p{N}._%+-])`;

/** A day: 3.4.1999, 1999-04-03, 3rd of April 1999, April 3, 1999, 3. April 99. */
const monthName = String.raw`(?:jan|feb|mar|mär|maer|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)\p{L}{0,6}\.?`;
const day = [
  String.raw`\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?(?:\d{4}|\d{2})`,
  String.raw`\d{4}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{1,2}`,
  String.raw`\d{1,2}(?:\.|st|nd|rd|th)?\s?(?:of )?${monthName},?\s?'?(?:\d{4}|\d{2})`,
  String.raw`${monthName}\s?\d{1,2}(?:st|nd|rd|th)?,?\s?(?:\d{4}|\d{2})`,
  String.raw`(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d`,
].join('|');
const birth = String.raw`(?:geboren|born|geb\.|geburtsdatum|geburtstag|birthday|birth ?date|date of birth|birth|d\.?o\.?b\.?)`;

/** Written like a day or like a room (01.07.023, 0505.03.537), not like the number of a person. */
const isDayOrRoom = (text: string): boolean =>
  /^\(?\d{1,2}\s?[ ./-]\s?\d{1,2}\s?[ ./-]\s?(?:\d{4}|\d{2})$/.test(text) ||
  /^\d{4}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{1,2}$/.test(text) ||
  /^\d{2,4}\.\d{2}\.\d{3}$/.test(text);

const unlessDayOrRoom = (label: string) => (match: string) => (isDayOrRoom(match) ? match : label);
const separated = (least: number, most: number) => String.raw`(?:[ ().\/-]{0,3}\d){${least},${most}}`;
const money = String.raw`(?:€|\$|£|eur|euro|usd|chf|sgd|dollar|franken|credits?|ects)`;

/** In this order: what is taken first cannot be taken for something else. */
const rules: readonly Rule[] = [
  {
    pattern: new RegExp(
      `${wordStart}(?:${local}${dotWord}){0,3}${local}${atSign}${domainLabel}(?:${dot}${domainLabel}){1,8}`,
      'giu',
    ),
    mask: () => '[email]',
  },
  {
    // "anna at tum dot de"; "look at tum.de" is none.
    pattern: new RegExp(
      String.raw`${wordStart}(?:${local}${dotWord}){0,3}${local}[ _-](?:at|ät)[ _-]${domainLabel}(?:\.${domainLabel}){0,4}${dotWord}${domainLabel}(?:${dot}${domainLabel}){0,4}`,
      'giu',
    ),
    mask: () => '[email]',
  },
  {
    // "anna.huber at tum.de": nobody writes a verb with a dot.
    pattern: new RegExp(
      String.raw`${wordStart}[\p{L}\p{N}_-]{1,40}[.\d_][\p{L}\p{N}._-]{1,40} (?:at|ät) ${domainLabel}(?:\.${domainLabel}){1,5}`,
      'giu',
    ),
    mask: () => '[email]',
  },
  {
    pattern:
      /(?:(?<=iban)|(?<![\p{L}\p{N}]))[A-Z][ .\-/]{0,2}[A-Z][ .\-/]{0,2}\d[ .\-/]{0,2}\d(?:[ .\-/]{0,2}[A-Z\d]){11,31}/giu,
    mask: (match) => {
      const length = measureIban(match);
      return length === 0 ? match : `[iban]${match.slice(length)}`;
    },
  },
  {
    pattern: /(?<![\p{L}\p{N}])\d(?:[ .\-/]{0,2}\d){12,18}(?![\p{L}\p{N}])/gu,
    mask: (match) => (isCardNumber(toDigits(match)) ? '[card number]' : match),
  },
  {
    pattern: new RegExp(
      String.raw`(?<before>(?<!\p{L})(?:${birth}(?:[\s:=,]{1,3}(?:is|ist|am|on|the|der|den|was|war|in)){0,3}[\s:=,]{0,3}|\*\s?))(?:${day})(?![\p{L}\p{N}])`,
      'giu',
    ),
    mask: (_match, { before = '' }) => `${before}[date of birth]`,
  },
  // Matriculation numbers of TUM: eight digits that begin with 03; people leave out the 0, or group them.
  {
    pattern:
      /(?<before>(?<!\p{L})(?:matri(?:kel|culation)?\p{L}{0,8}|matr|student(?:en)?[ -]?(?:id|number|no|nummer|nr))\.?(?:[ -]?(?:number|no|nummer|nr|id))?\.?(?:[\s:=#]{1,3}(?:is|ist|lautet)){0,1}[\s:=#]{0,3})\d(?:[ .\-/]{0,2}\d){5,7}(?![\p{L}\p{N}])/giu,
    mask: (_match, { before = '' }) => `${before}[matriculation number]`,
  },
  {
    pattern: /(?<![\p{L}\p{N}.,/+-])0[ .-]?3(?:[ .-]?\d){6}(?![\p{L}\p{N}])(?![.,-]\d)/gu,
    mask: unlessDayOrRoom('[matriculation number]'),
  },
  {
    pattern: new RegExp(
      String.raw`(?<![\p{L}\p{N}.,/+-]|${money} ?)3\d{6}(?![\p{L}\p{N}])(?![.,-]\d| ?${money})`,
      'giu',
    ),
    mask: () => '[matriculation number]',
  },
  // Ids of TUMonline such as ga12abc.
  {
    pattern: /(?<![\p{L}\p{N}])[a-z]{2}\d{2}[a-z]{3}(?![\p{L}\p{N}])/giu,
    mask: () => '[tum id]',
  },
  // ITU-T E.164: at most 15 digits. With the country's code, in any common writing.
  {
    pattern: new RegExp(
      String.raw`(?<![\p{L}\p{N}+])\(?(?:\+\s?|00\s?)\(?[1-9]${separated(6, 14)}(?!\d)`,
      'gu',
    ),
    mask: () => '[phone]',
  },
  // After a word for it in any writing.
  {
    pattern: new RegExp(
      String.raw`(?<before>(?<!\p{L})(?:tel|telefon|telephone|phone|mobile?|mobil|handy|cell|fax|whatsapp|rufnummer)(?:[ -]?(?:number|nummer|nr|no|phone))?\.?(?:[\s:=]{1,3}(?:is|ist|lautet|nr|no)\.?){0,1}[\s:=]{0,3})(?<number>\(?\d${separated(5, 14)})(?![\p{L}\p{N}])`,
      'giu',
    ),
    mask: (match, { before = '', number = '' }) => (isDayOrRoom(number) ? match : `${before}[phone]`),
  },
  // Without either, beginning with 0.
  {
    pattern:
      /(?<![\p{L}\p{N}.,/-])(?:\(0\)\s?[1-9]|\(?0[1-9])\d{0,4}\)?(?:[ /()-]{0,3}\d){5,10}(?![\p{L}\p{N}])/gu,
    mask: unlessDayOrRoom('[phone]'),
  },
  // With dots, as rooms (01.07.023) and days are written too: an area code of three to five digits comes first.
  {
    pattern: /(?<![\p{L}\p{N}.,/-])0[1-9]\d{1,3}(?:\s?[./]\s?\d{2,8}){1,5}(?![\p{L}\p{N}])/gu,
    mask: (match) => (isDayOrRoom(match) || countDigits(match) < 8 ? match : '[phone]'),
  },
];

const applyRule = (text: string, { pattern, mask }: Rule): string =>
  text.replace(pattern, (match: string, ...rest: unknown[]) => {
    const groups = rest.at(-1);
    return mask(match, typeof groups === 'object' ? (groups as Record<string, string>) : {});
  });

/** UTF-16 code units: as many as the largest body has bytes. Only a text that grows by NFKC is longer. */
const longestText = 65_536;

/**
 * Replaces e-mail addresses, IBANs, card and matriculation numbers, TUM ids, phone numbers, days of birth and names with
 * which people introduce themselves by what they were, however they are written. A text without any stays as it is.
 */
export function maskPersonalData(text: string): string {
  const plain = toPlainWriting(text);
  const read = cutText(plain, longestText);
  const masked = rules.reduce(applyRule, maskNames(read));
  return masked === plain ? text : masked;
}
