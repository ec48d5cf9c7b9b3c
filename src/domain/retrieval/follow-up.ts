import { readQuestion } from '../language/normalize-text.ts';
import { stemEnglish, stemGerman } from '../language/stem.ts';
import { tokenize } from '../language/tokenize.ts';
import type { Vocabulary } from '../language/vocabulary.ts';

export interface JoinedQuestion {
  /** What to search for: the question, after what it refers to. */
  text: string;
  /** The part that comes from the previous question; undefined when the question stands alone. */
  carried: string | undefined;
  /** Whether the question only adds a circumstance ("and on Sundays?"), so that it can be about nothing new. */
  keepsSubject: boolean;
}

const leaningStart =
  /^\W*(?:and|or|but|what about|how about|what if|also|then|same|for|on|at|in|with|without|und|oder|aber|was ist mit|was ist denn mit|wie sieht es|wie sieht's|wie ist es|wie ist das|auch|dann|für|auf|am|im|an|bei|mit|ohne)\b(?!\s+(?:der|die|das|dem|den|the)\s+\p{L}+\s+\p{L}+\s+\p{L}+\s+\p{L}+\s+\p{L}+)/iu;
const reference =
  /\b(?:it|its|that|this|there|they|them|those|these|one|either|same|then|das|dies|diese[rsnm]?|dort|dorthin|da|daf(?:ü|ue)r|dazu|damit|davon|daran|dabei|sie|ihn|ihm|es|denn|welche[rsnm]?)\b/iu;
const questionWord =
  /\b(?:what|where|when|who|whom|which|why|how|can|could|do|does|did|is|are|am(?= i\b)|was|will|would|should|may|must|wo|wann|wer|wie|was|warum|welche[rsnm]?|kann|kannst|darf|muss|ist|sind|gibt|habe|hat|bekomme|soll)\b/iu;

const longestLeaningWords = 12;
const longestReferenceWords = 8;
const longestFragmentWords = 2;
const mostFragmentContentWords = 2;

const circumstanceStart =
  /^\W*(?:(?:and|or|but|und|oder|aber)\b\s*)?(?:what about|how about|what if|was ist(?: denn)? mit|wie sieht(?: e|')s(?: aus)?)/iu;

/** Words that could be a subject of their own: "who do I tell?" has none. */
function countContentWords(vocabulary: Vocabulary, words: readonly string[], question: string): number {
  const language = vocabulary.detectLanguage(question);
  const stem = language === 'de' ? stemGerman : stemEnglish;
  const stopWords = vocabulary.stopWords[language];
  return words.filter((word) => !stopWords.has(word) && !vocabulary.isGenericStem(stem(word))).length;
}

/**
 * Whether a question cannot be understood alone: it starts like a continuation, is short and points back, or is a
 * fragment without a question. Anything longer is left alone, because joining costs a question that stands alone.
 */
function leansOnPrevious(vocabulary: Vocabulary, text: string): boolean {
  const question = readQuestion(text);
  const words = tokenize(question);
  if (words.length <= longestLeaningWords && leaningStart.test(question)) return true;
  const contentWords = countContentWords(vocabulary, words, question);
  if (words.length <= longestReferenceWords && contentWords <= 3 && reference.test(question)) return true;
  if (contentWords === 0 || words.length <= longestFragmentWords) return true;
  return contentWords <= mostFragmentContentWords && !questionWord.test(question);
}

/** Joins a follow-up ("and on Sundays?") with what it refers to. A campus that it names replaces the earlier one. */
export function joinFollowUp(
  vocabulary: Vocabulary,
  question: string,
  previousQuestion: string | undefined,
): JoinedQuestion {
  if (previousQuestion === undefined || !leansOnPrevious(vocabulary, question)) {
    return { text: question, carried: undefined, keepsSubject: false };
  }
  const carried =
    vocabulary.findCampuses(question).length > 0
      ? vocabulary.removeCampuses(previousQuestion)
      : previousQuestion;
  const keepsSubject = !questionWord.test(readQuestion(question).replace(circumstanceStart, ''));
  return { text: `${carried} ${question}`, carried, keepsSubject };
}
