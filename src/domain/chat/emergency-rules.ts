import type { EmergencyWords } from '../institution.ts';
import { normalizeText } from '../language/normalize-text.ts';

/** Digits and signs that stand for letters inside a word, as people write what is filtered elsewhere. */
const lookAlikeLetters: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
};
/** Words that `...` may leave out. */
const gapWords = 5;
/** Shortest word in which a typing error is mended: shorter ones are too like others. */
const mendedLetters = 6;
/** Words of a message that are mended; no message has more that mean something. */
const mendedWords = 300;

/**
 * A text as rules compare it: lower case, umlauts as one letter however they are typed ("ü", "ue", "u"), no letter
 * twice in a row, no apostrophes, each word between single spaces. Takes a time that grows with the text.
 */
export function foldText(text: string): string {
  const words = normalizeText(text)
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .replace(/['’‘`´\u200b-\u200d\u00ad]/g, '')
    .replaceAll('ß', 'ss')
    .replace(/(?<=\p{L})[013457@$](?=\p{L}\p{L})/gu, (sign) => lookAlikeLetters[sign] ?? sign)
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .replace(/([aou])e/g, '$1')
    .replace(/(\p{L})\1+/gu, '$1')
    .trim();
  return ` ${words} `;
}

/** A pattern of a rule, ready to be asked about a folded text. */
export interface RulePart {
  pattern: RegExp;
  isWanted: boolean;
}

/**
 * Reads rules; the same pattern is compiled once. Their language: infra/institution/README.md.
 * @throws Error naming what can't be read.
 */
export function createRuleCompiler(words: EmergencyWords) {
  const compiled = new Map<string, RegExp>();

  function compilePhrase(phrase: string): RegExp {
    const known = compiled.get(phrase);
    if (known) return known;
    const pattern = new RegExp(` ${compileSequence(phrase)}`, 'gu');
    compiled.set(phrase, pattern);
    return pattern;
  }

  function compileSequence(text: string): string {
    return splitAt(text, ' ').map(compileToken).join('');
  }

  function compileToken(token: string): string {
    if (token === '...') return `(?:[^ ]+ ){0,${gapWords}}`;
    if (token.endsWith('?')) return `(?:${compileToken(token.slice(0, -1))})?`;
    if (token.startsWith('(') && token.endsWith(')'))
      return compileAlternatives(splitAt(token.slice(1, -1), '|'));
    const list = /^\{([\w-]+)\}$/.exec(token)?.[1];
    if (list !== undefined) {
      const alternatives = words.get(list);
      if (alternatives === undefined) throw new Error(`there is no list of words "${list}"`);
      return compileAlternatives(alternatives);
    }
    if (/[(){}|?]/.test(token)) throw new Error(`"${token}" cannot be read`);
    const pieces = token.split('*').map((piece) => foldText(piece).trim().replaceAll(' ', ''));
    return `${pieces.join(token === '*' ? '[^ ]+' : '[^ ]*')} `;
  }

  const compileAlternatives = (alternatives: readonly string[]) =>
    `(?:${alternatives.map((each) => compileSequence(each.trim())).join('|')})`;

  return {
    compilePhrase,
    compileRule: (rule: string): RulePart[] =>
      rule.split(' & ').map((part) => ({
        isWanted: !part.trim().startsWith('!'),
        pattern: compilePhrase(part.trim().replace(/^!/, '')),
      })),
  };
}

/** Splits at a sign that stands outside of all brackets. @throws Error at a bracket without its other half. */
function splitAt(text: string, sign: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth < 0) throw new Error(`"${text}" has a ")" too many`);
    if (character === sign && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  if (depth > 0) throw new Error(`"${text}" has a "(" too many`);
  return parts.filter((part) => part.trim() !== '');
}

/** Mends single typing errors ("chemestry", "elavator") in words that rules know. */
export function createMending(texts: readonly string[]): (folded: string) => string {
  const known = new Set(
    texts
      .flatMap((text) => text.replace(/\{[\w-]+\}/g, ' ').split(/[^\p{L}*]+/u))
      .filter((word) => !word.includes('*'))
      .map((word) => foldText(word).trim()),
  );
  const byDeletion = new Map<string, string>();
  for (const word of [...known].filter(({ length }) => length >= mendedLetters)) {
    for (const key of deletionsOf(word)) byDeletion.set(key, word);
  }
  const mend = (word: string): string => {
    if (word.length < mendedLetters - 1 || known.has(word)) return word;
    const shorter = deletionsOf(word);
    const found =
      shorter.find((key) => key.length >= mendedLetters && known.has(key)) ??
      byDeletion.get(word) ??
      // A wrong letter, or two in the wrong order: only in long words, as short ones have look-alikes of other meaning.
      (word.length > mendedLetters + 1 ? shorter.map((key) => byDeletion.get(key)).find(Boolean) : undefined);
    return found !== undefined && found[0] === word[0] ? found : word;
  };
  return (folded) => ` ${folded.trim().split(' ').slice(0, mendedWords).map(mend).join(' ')} `;
}

const longestMended = 30;

const deletionsOf = (word: string): string[] =>
  word.length > longestMended
    ? []
    : Array.from({ length: word.length }, (_, at) => word.slice(0, at) + word.slice(at + 1));
