/** Longer questions share a row with those that begin alike. */
const maxCharacters = 200;

/** Punctuation at either end, but for the brackets of masked text. */
const outerPunctuation = /^(?:(?!\[)[\s\p{P}])+|(?:(?!\])[\s\p{P}])+$/gu;

/** The form in which questions are counted together: case, spacing and punctuation at the ends do not matter. */
export const normalizeQuestion = (question: string): string => {
  const normalized = question
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/\s+/g, ' ')
    .replaceAll(outerPunctuation, '');
  return [...normalized].slice(0, maxCharacters).join('');
};
