import { type Audience, campuses, type Language } from '../audience.ts';
import { findWording, type KnowledgeEntry } from '../knowledge/knowledge-entry.ts';
import type { Confidence } from '../retrieval/confidence.ts';
import { findContact } from './contacts.ts';

export interface KnowledgeAnswerInput {
  question: string;
  language: Language;
  audience: Audience;
  /** Best first. */
  entries: readonly KnowledgeEntry[];
  confidence: Confidence;
}

/** Most entries that are listed when none is sure. */
const listedEntries = 3;
/** Characters of an answer that are shown in a list. */
const excerptCharacters = 240;

const phrases = {
  en: {
    otherLanguage: 'I have this in German only:',
    unsure: 'I am not sure that this is what you are looking for. The closest I know:',
    notThat: 'If that is not it, please ask',
    unknown: 'I do not know the answer to that, and I would rather not guess. Please ask',
    more: 'More',
  },
  de: {
    otherLanguage: 'Das liegt mir nur auf Englisch vor:',
    unsure: 'Ich bin nicht sicher, ob es das ist, was du suchst. Am nächsten kommt:',
    notThat: 'Wenn es das nicht ist, hilft dir weiter:',
    unknown: 'Das weiß ich leider nicht, und raten möchte ich nicht. Hier hilft man dir weiter:',
    more: 'Mehr dazu',
  },
} satisfies Record<Language, Record<string, string>>;

/** An answer without a model, in Markdown: the best entry as it stands, the closest ones, or whom to ask. */
export function composeKnowledgeAnswer(input: KnowledgeAnswerInput): string {
  const [best] = input.entries;
  if (!best || input.confidence === 'none') return composeUnknown(input);
  return input.confidence === 'high' ? composeEntry(best, input.language) : composeClosest(input);
}

function composeEntry(entry: KnowledgeEntry, language: Language): string {
  const { otherLanguage, more } = phrases[language];
  const { answer, language: answerLanguage } = findWording(entry, language);
  const paragraphs = answerLanguage === language ? [] : [otherLanguage];
  paragraphs.push(answer);
  if (entry.url && !answer.includes(entry.url)) paragraphs.push(`${more}: <${entry.url}>`);
  return paragraphs.join('\n\n');
}

function composeClosest(input: KnowledgeAnswerInput): string {
  const { unsure, notThat } = phrases[input.language];
  const items = input.entries
    .slice(0, listedEntries)
    .map((entry) => findWording(entry, input.language))
    .map(({ question, answer }) => `- **${question}**\n  ${excerpt(answer)}`);
  return `${unsure}\n\n${items.join('\n')}\n\n${notThat} ${contactFor(input)}.`;
}

function composeUnknown(input: KnowledgeAnswerInput): string {
  return `${phrases[input.language].unknown} ${contactFor(input)}.`;
}

function contactFor({ question, audience, language }: KnowledgeAnswerInput): string {
  return findContact({ question, role: audience.role, campus: audience.campus }, language);
}

/** The beginning of a text on one line, ended at a sentence or else at a word. */
function excerpt(markdown: string): string {
  const line = markdown.replace(/\s+/g, ' ').trim();
  if (line.length <= excerptCharacters) return line;
  const start = line.slice(0, excerptCharacters);
  const sentence = /^.{60,}[.!?](?= )/.exec(start)?.[0];
  return sentence ?? `${start.replace(/\s+\S*$/, '')} …`;
}

const smallTalkReplies = {
  greeting: {
    en: 'Hello! I answer questions about TUM: studying, IT, libraries, housing, working here and more. What would you like to know?',
    de: 'Hallo! Ich beantworte Fragen rund um die TUM: Studium, IT, Bibliotheken, Wohnen, Arbeiten und mehr. Was möchtest du wissen?',
  },
  thanks: {
    en: 'You are welcome! If anything else comes up, just ask.',
    de: 'Gern geschehen! Wenn noch etwas ist, frag einfach.',
  },
} satisfies Record<string, Record<Language, string>>;

export type SmallTalk = keyof typeof smallTalkReplies;

/** The reply to a message that asks nothing. */
export const composeSmallTalkReply = (kind: SmallTalk, language: Language): string =>
  smallTalkReplies[kind][language];

const clarifyingQuestions = {
  campus: {
    en: `The answer depends on the campus. Which one do you mean: ${listOf(campuses, 'or')}?`,
    de: `Das hängt vom Campus ab. Welchen meinst du: ${listOf(campuses, 'oder')}?`,
  },
  role: {
    en: `The answer depends on who you are. Are you a ${listOf(['student', 'employee', 'lecturer', 'visitor'], 'or')}?`,
    de: `Das hängt davon ab, wer du bist. Bist du ${listOf(['im Studium', 'hier angestellt', 'in der Lehre', 'zu Besuch'], 'oder')}?`,
  },
} satisfies Record<string, Record<Language, string>>;

/** What the best entries differ by when it is not known of the asker. */
export type Clarification = keyof typeof clarifyingQuestions;

export const composeClarifyingQuestion = (about: Clarification, language: Language): string =>
  clarifyingQuestions[about][language];

function listOf(items: readonly string[], conjunction: string): string {
  return `${items.slice(0, -1).join(', ')} ${conjunction} ${items.at(-1)}`;
}
