import type { KnowledgeEntry } from './knowledge-entry.ts';

/** The JSON form that ingest reads, so that an export can be edited and brought back. */
export function formatKnowledge(entries: readonly KnowledgeEntry[]): string {
  const documents = entries.map((entry) => ({
    id: entry.id,
    category: entry.category,
    role: entry.roles.length > 0 ? entry.roles.join(', ') : 'all',
    ...(entry.campuses.length > 0 && { campus: entry.campuses.join(', ') }),
    ...(entry.url !== null && { url: entry.url }),
    question: entry.question,
    ...(entry.alternatives.length > 0 && { alternatives: entry.alternatives }),
    answer: entry.answer,
    keywords: entry.keywords,
    language: entry.language,
    ...(entry.questionDe && { question_de: entry.questionDe }),
    ...(entry.answerDe && { answer_de: entry.answerDe }),
    ...(entry.verifiedAt && { verified_at: entry.verifiedAt }),
    ...(entry.validUntil && { valid_until: entry.validUntil }),
  }));
  return `${JSON.stringify({ documents }, null, 2)}\n`;
}
