import { createHash } from 'node:crypto';
import type { Audience, Language } from '../audience.ts';
import type { Institution } from '../institution.ts';
import { findWording, type KnowledgeEntry } from '../knowledge/knowledge-entry.ts';
import type { Prompt, PromptMessage } from '../models/language-model.ts';
import type { Confidence } from '../retrieval/confidence.ts';
import type { Turn } from '../sessions/session-store.ts';
import { findContact } from './contacts.ts';
import type { Clarification } from './knowledge-answer.ts';

export interface PromptInput {
  question: string;
  language: Language;
  audience: Audience;
  /** Earlier turns, oldest first. */
  turns: readonly Pick<Turn, 'question' | 'answer'>[];
  /** Best first. */
  entries: readonly KnowledgeEntry[];
  confidence: Confidence;
  /** Messages of the history that may enter the prompt; turns stay whole, the newest are kept. */
  historyMessages: number;
  /** Characters of the history that may enter the prompt. */
  maxHistoryCharacters: number;
  /** Characters of entries that may enter the prompt. */
  maxContextCharacters: number;
  /** What to ask the person after answering as far as possible. */
  clarification?: Clarification | undefined;
}

const languageNames: Record<Language, string> = { en: 'English', de: 'German' };

/** The whole input of a model. Fixed rules go into the system instruction; all that comes from outside travels as data. */
export function buildPrompt(institution: Institution, input: PromptInput): Prompt {
  const newest: PromptMessage = { author: 'user', text: composeMessage(institution, input) };
  return { system: institution.instruction, messages: [...composeHistory(input), newest] };
}

/**
 * Changes whenever the same question could be answered otherwise: with the institution's data, or with what `settings`
 * names (models, temperature, lengths). Part of the answer cache's key.
 */
export function promptFingerprint(
  institution: Pick<Institution, 'fingerprint'>,
  settings: Readonly<Record<string, string | number>>,
): string {
  const named = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([institution.fingerprint, named]))
    .digest('base64url')
    .slice(0, 16);
}

/** The newest turns, whole, as long as they fit; only the last is cut when it is too long alone. */
function composeHistory({ turns, historyMessages, maxHistoryCharacters }: PromptInput): PromptMessage[] {
  const keptTurns = Math.floor(historyMessages / 2);
  const kept: PromptMessage[] = [];
  let leftCharacters = maxHistoryCharacters;
  for (const turn of keptTurns === 0 ? [] : turns.slice(-keptTurns).reverse()) {
    const messages = composeTurn(turn);
    const characters = countCharacters(messages);
    if (characters > leftCharacters) {
      if (kept.length === 0 && leftCharacters > 0) kept.push(...composeTurn(cutTurn(turn, leftCharacters)));
      break;
    }
    kept.unshift(...messages);
    leftCharacters -= characters;
  }
  return kept;
}

type HistoryTurn = PromptInput['turns'][number];

function composeTurn({ question, answer }: HistoryTurn): PromptMessage[] {
  return [
    { author: 'user', text: tag('question', question) },
    { author: 'assistant', text: answer },
  ];
}

const countCharacters = (messages: readonly PromptMessage[]) =>
  messages.reduce((sum, { text }) => sum + text.length, 0);

/** The question gets half at most, the answer the rest. Escaping lengthens a `<` fourfold, and the tags count as well. */
function cutTurn({ question, answer }: HistoryTurn, characters: number): HistoryTurn {
  const half = Math.floor(characters / 2);
  const shortQuestion = keepStart(question, Math.floor((half - tag('question', '').length) / '&lt;'.length));
  return { question: shortQuestion, answer: keepStart(answer, characters - half) };
}

function composeMessage({ offices }: Institution, input: PromptInput): string {
  const { question, language, audience, confidence, clarification } = input;
  const contact = findContact(offices, { question, role: audience.role, campus: audience.campus }, language);
  const asker = `language="${languageNames[language]}" role="${audience.role ?? 'unknown'}" campus="${audience.campus ?? 'unknown'}"`;
  const parts = [
    `<knowledge>\n${composeEntries(input).join('\n')}\n</knowledge>`,
    `<certainty>${confidence}</certainty>`,
    `<asker ${asker} />`,
    tag('contact', contact),
  ];
  if (clarification) {
    parts.push(`<task>Answer as far as you can, then ask which ${clarification} the person means.</task>`);
  }
  return [...parts, tag('question', question)].join('\n\n');
}

/** Whole entries, best first, as long as they fit; only the first is cut when it is too long alone. */
function composeEntries({ entries, language, maxContextCharacters }: PromptInput): string[] {
  const texts: string[] = [];
  let leftCharacters = maxContextCharacters;
  for (const entry of entries) {
    const text = composeEntry(entry, language);
    if (text.length > leftCharacters) {
      if (texts.length === 0) texts.push(composeEntry(entry, language, text.length - leftCharacters));
      break;
    }
    texts.push(text);
    leftCharacters -= text.length;
  }
  return texts;
}

function composeEntry(entry: KnowledgeEntry, language: Language, cutCharacters = 0): string {
  const wording = findWording(entry, language);
  const answer = escapeTags(wording.answer);
  const lines = [
    `Question: ${escapeTags(wording.question)}`,
    ...(entry.roles.length > 0 ? [`Holds for: ${entry.roles.join(', ')}`] : []),
    ...(entry.campuses.length > 0 ? [`Campus: ${entry.campuses.join(', ')}`] : []),
    ...(entry.url ? [`Link: ${escapeTags(entry.url)}`] : []),
    `Answer: ${cutEnd(answer, cutCharacters)}`,
  ];
  return `<entry id="${escapeTags(entry.id).replaceAll('"', "'")}">\n${lines.join('\n')}\n</entry>`;
}

function cutEnd(text: string, characters: number): string {
  return characters === 0 ? text : keepStart(text, text.length - characters);
}

function keepStart(text: string, characters: number): string {
  if (characters >= text.length) return text;
  // Half of a surrogate pair is no valid text.
  return text.slice(0, Math.max(0, characters)).replace(/[\uD800-\uDBFF]$/, '');
}

function tag(name: string, content: string): string {
  return `<${name}>\n${escapeTags(content)}\n</${name}>`;
}

/** Without `<`, no content can end its own tags or open others. Links stay as they are. */
function escapeTags(text: string): string {
  return text.replaceAll('<', '&lt;');
}
