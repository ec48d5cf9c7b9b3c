import { readQuestion } from '../language/normalize-text.ts';

/** Longer questions share a row with those that begin alike. */
const maxCharacters = 200;

/** Punctuation at either end, but for the brackets of masked text. */
const leadingPunctuation = /^(?:(?!\[)[\s\p{P}])+/u;
const trailing = /(?!\])[\s\p{P}]/u;

function withoutTrailingPunctuation(text: string): string {
  const characters = [...text];
  let end = characters.length;
  while (end > 0 && trailing.test(characters[end - 1] ?? '')) end -= 1;
  return characters.slice(0, end).join('');
}

/** The form in which questions are counted together: case, spacing and punctuation at the ends do not matter. */
export const normalizeQuestion = (question: string): string => {
  const normalized = readQuestion(question)
    .toLowerCase()
    .replaceAll(/\s+/g, ' ')
    .replace(leadingPunctuation, '');
  return [...withoutTrailingPunctuation(normalized)].slice(0, maxCharacters).join('');
};
