import type { Audience, Language } from '../audience.ts';

/** Two questions with the same key get the same answer. */
export interface AnswerCacheKeyParts {
  message: string;
  audience: Audience;
  language: Language;
  knowledgeVersion: number;
  /** Model, its settings and the system instruction. */
  fingerprint: string;
}

export function answerCacheKey(parts: AnswerCacheKeyParts): string {
  const message = parts.message
    .normalize('NFC')
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/[\s?!.]+$/, '');
  const { audience, language, knowledgeVersion, fingerprint } = parts;
  return JSON.stringify([knowledgeVersion, fingerprint, language, audience.role, audience.campus, message]);
}
