import type { Audience, Language } from '../audience.ts';
import type { Institution, Texts } from '../institution.ts';
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

/** An answer without a model, in Markdown: the best entry as it stands, the closest ones, or whom to ask. */
export function composeKnowledgeAnswer(institution: Institution, input: KnowledgeAnswerInput): string {
  const [best] = input.entries;
  if (!best || input.confidence === 'none') return composeUnknown(institution, input);
  return input.confidence === 'high'
    ? composeEntry(institution, best, input.language)
    : composeClosest(institution, input);
}

/** An entry as it stands. */
export function composeEntry(
  { entrySentences: { otherLanguage, more } }: Institution,
  entry: KnowledgeEntry,
  language: Language,
): string {
  const { answer, language: answerLanguage } = findWording(entry, language);
  const paragraphs = answerLanguage === language ? [] : [otherLanguage[language]];
  paragraphs.push(answer);
  if (entry.url && !answer.includes(entry.url)) paragraphs.push(`${more[language]}: <${entry.url}>`);
  return paragraphs.join('\n\n');
}

function composeClosest(institution: Institution, input: KnowledgeAnswerInput): string {
  const { unsure, notThat } = institution.entrySentences;
  const { language } = input;
  const items = input.entries
    .slice(0, listedEntries)
    .map((entry) => findWording(entry, language))
    .map(({ question, answer }) => `- **${question}**\n  ${excerpt(answer)}`);
  return `${unsure[language]}\n\n${items.join('\n')}\n\n${notThat[language]} ${contactFor(institution, input)}.`;
}

function composeUnknown(institution: Institution, input: KnowledgeAnswerInput): string {
  return `${institution.entrySentences.unknown[input.language]} ${contactFor(institution, input)}.`;
}

function contactFor(
  { offices }: Institution,
  { question, audience, language }: KnowledgeAnswerInput,
): string {
  return findContact(offices, { question, role: audience.role, campus: audience.campus }, language);
}

/** The beginning of a text on one line, ended at a sentence or else at a word. */
function excerpt(markdown: string): string {
  const line = markdown.replace(/\s+/g, ' ').trim();
  if (line.length <= excerptCharacters) return line;
  const start = line.slice(0, excerptCharacters);
  const sentence = /^.{60,}[.!?](?= )/.exec(start)?.[0];
  return sentence ?? `${start.replace(/\s+\S*$/, '')} …`;
}

/** What the best entries differ by when it is not known of the asker. */
export type Clarification = keyof Institution['clarifications'];

export function composeClarifyingQuestion(
  { clarifications, campuses, roles }: Institution,
  about: Clarification,
  language: Language,
): string {
  const listOf = (texts: readonly Texts[]) =>
    joinAlternatives(
      texts.map((text) => text[language]),
      language,
    );
  return clarifications[about][language]
    .replace('{campuses}', () => listOf(campuses.map(({ name }) => name)))
    .replace('{roles}', () => listOf(roles.map(({ noun }) => noun)));
}

function joinAlternatives(items: readonly string[], language: Language): string {
  return new Intl.ListFormat(language, { type: 'disjunction' }).format(items);
}
