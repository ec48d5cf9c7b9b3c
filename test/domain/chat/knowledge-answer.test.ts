import { describe, expect, it } from 'vitest';
import { languages } from '../../../src/domain/audience.ts';
import {
  composeClarifyingQuestion,
  composeKnowledgeAnswer,
  type KnowledgeAnswerInput,
} from '../../../src/domain/chat/knowledge-answer.ts';
import { createEntry } from '../../fixtures/create-entry.ts';
import { institution } from '../../fixtures/institution.ts';

const entries = [
  createEntry({ id: 'a', question: 'First?', answer: 'The first answer.', url: 'https://www.tum.de/a' }),
  createEntry({ id: 'b', question: 'Second?', answer: `Short. ${'Long '.repeat(100)}end.` }),
  createEntry({ id: 'c', question: 'Third?' }),
  createEntry({ id: 'd', question: 'Fourth?' }),
];

const compose = (changes: Partial<KnowledgeAnswerInput> = {}) =>
  composeKnowledgeAnswer(institution, {
    question: 'Something',
    language: 'en',
    audience: {},
    entries,
    confidence: 'high',
    ...changes,
  });

describe('an answer without a model', () => {
  it('is the best entry with its link when that is sure', () => {
    expect(compose()).toBe('The first answer.\n\nMore: <https://www.tum.de/a>');
  });

  it('gives a link once', () => {
    const [entry] = [createEntry({ answer: 'See https://www.tum.de/a.', url: 'https://www.tum.de/a' })];
    expect(compose({ entries: [entry] })).toBe('See https://www.tum.de/a.');
  });

  it('says so when it is in another language', () => {
    expect(compose({ language: 'de' })).toMatch(/^Das liegt mir nur auf Englisch vor:\n\nThe first answer\./);
  });

  it('is in the language of the question where the entry has both', () => {
    const bilingual = createEntry({ questionDe: 'Erstens?', answerDe: 'Die erste Antwort.' });
    expect(compose({ entries: [bilingual], language: 'de' })).toMatch(/^Die erste Antwort\./);
    expect(compose({ entries: [bilingual], language: 'de', confidence: 'low' })).toContain(
      '- **Erstens?**\n  Die erste Antwort.',
    );
  });

  it('lists the three closest, shortened, and a contact when nothing is sure', () => {
    const text = compose({ confidence: 'low' });
    expect(text.match(/^- \*\*.+\*\*$/gm)).toEqual(['- **First?**', '- **Second?**', '- **Third?**']);
    expect(text).toContain(' …');
    expect(text).toContain('switchboard');
  });

  it.each([
    ['en', /^I do not know/],
    ['de', /^Das weiß ich leider nicht/],
  ] as const)('says that it is not known and whom to ask (%s)', (language, start) => {
    const text = compose({ language, confidence: 'none', entries: [] });
    expect(text).toMatch(start);
    expect(text).toContain('+49 89 289');
  });

  it.each<[string, Partial<KnowledgeAnswerInput>, string]>([
    ['IT', { question: 'My VPN does not connect' }, 'it-support@tum.de'],
    ['IT by its name', { question: 'Wer ist die IT?' }, 'it-support@tum.de'],
    ['the library', { question: 'Wo ist die Bibliothek?' }, 'information@ub.tum.de'],
    [
      'Heilbronn',
      { question: 'Who has my parcel?', audience: { campus: 'Heilbronn' } },
      'servicepoint@chn.tum.de',
    ],
    ['study matters', { question: 'When is the exam?' }, 'studium@tum.de'],
    [
      'study matters of a student',
      { question: 'How is it?', audience: { role: 'student' } },
      'studium@tum.de',
    ],
    ['everything else', { question: 'Who sweeps it?' }, '289 01'],
  ])('names the right contact for %s', (_what, changes, contact) => {
    expect(compose({ ...changes, entries: [], confidence: 'none' })).toContain(contact);
  });
});

describe('questions asked back', () => {
  it.each(languages)('exist in %s', (language) => {
    for (const { name } of institution.campuses) {
      expect(composeClarifyingQuestion(institution, 'campus', language)).toContain(name[language]);
    }
    expect(composeClarifyingQuestion(institution, 'role', language)).toMatch(/\?$/);
  });
});
