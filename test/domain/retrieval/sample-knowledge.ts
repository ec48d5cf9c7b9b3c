import type { KnowledgeEntry } from '../../../src/domain/knowledge/knowledge-entry.ts';
import { createKnowledgeView, type KnowledgeView } from '../../../src/domain/retrieval/knowledge-view.ts';
import { vocabulary } from '../../fixtures/institution.ts';

export const createEntry = (
  entry: Partial<KnowledgeEntry> & Pick<KnowledgeEntry, 'id' | 'question' | 'answer'>,
): KnowledgeEntry => ({
  category: 'General',
  roles: [],
  campuses: [],
  keywords: [],
  alternatives: [],
  url: null,
  language: 'en',
  ...entry,
});

export const sampleEntries: readonly KnowledgeEntry[] = [
  createEntry({
    id: 'eduroam-windows',
    question: 'How do I set up eduroam on Windows?',
    answer: 'Run the configuration tool from cat.eduroam.de and sign in with your identifier.',
    keywords: ['eduroam', 'Windows', 'WiFi'],
  }),
  createEntry({
    id: 'eduroam-mac',
    question: 'How do I set up eduroam on macOS?',
    answer: 'Install the configuration profile from cat.eduroam.de.',
    keywords: ['eduroam', 'macOS', 'WiFi'],
  }),
  createEntry({
    id: 'parking-garching',
    question: 'Where can I park at the Garching campus?',
    answer: 'There is an underground garage in the centre of the town.',
    campuses: ['Garching'],
    keywords: ['parking', 'car'],
  }),
  createEntry({
    id: 'parking-munich',
    question: 'Where can I park at the Munich campus?',
    answer: 'There is a car park for members of the university.',
    campuses: ['Munich'],
    keywords: ['parking', 'car'],
  }),
  createEntry({
    id: 'email-student',
    question: 'How do I set up my e-mail address as a student?',
    answer: 'Choose the address in TUMonline under e-mail addresses.',
    roles: ['student'],
  }),
  createEntry({
    id: 'email-employee',
    question: 'How do I set up my e-mail address as an employee?',
    answer: 'Open your business card in TUMonline and choose the address.',
    roles: ['employee'],
  }),
  createEntry({
    id: 'library-loan',
    question: 'How many books can I borrow from the library?',
    answer: 'Up to 50 items at a time. The loan period is four weeks and can be renewed.',
    alternatives: ['Wie viele Bücher darf ich in der Bibliothek ausleihen?'],
    keywords: ['loan', 'books'],
  }),
  createEntry({
    id: 'insurance',
    question: 'How much does student health insurance cost?',
    answer: 'Statutory insurance costs 120 to 150 euros per month.',
    keywords: ['health insurance', 'price'],
  }),
  createEntry({
    id: 'vacation',
    question: 'How do I request vacation?',
    answer: 'Hand the vacation card to your superior well in advance.',
    keywords: ['vacation request', 'leave'],
    roles: ['employee'],
  }),
  createEntry({
    id: 'vpn',
    question: 'How do I install the VPN client?',
    answer: 'Download AnyConnect and connect to the server of the computing centre.',
    keywords: ['VPN', 'remote access'],
  }),
];

export const createSampleView = (embeddingModel = 'local', entries = sampleEntries): KnowledgeView =>
  createKnowledgeView(
    {
      version: {
        version: 3,
        embeddingModel,
        dimension: 2,
        entryCount: entries.length,
        createdAt: new Date('2026-01-01T00:00:00Z'),
      },
      entries,
    },
    vocabulary,
  );
