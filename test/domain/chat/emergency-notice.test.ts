import { describe, expect, it } from 'vitest';
import {
  chooseEmergencyEntry,
  createEmergencyDetection,
  findEmergencyNotice,
  listEmergencyNumbers,
} from '../../../src/domain/chat/emergency-notice.ts';
import { foldText } from '../../../src/domain/chat/emergency-rules.ts';
import type { KnowledgeEntry } from '../../../src/domain/knowledge/knowledge-entry.ts';
import { institution } from '../../fixtures/institution.ts';

const detect = createEmergencyDetection(institution.emergencies);

const noticeFor = (message: string, campus?: string) => {
  const emergency = detect(message);
  return emergency && findEmergencyNotice(institution, emergency, campus);
};

describe('the notice in an emergency', () => {
  it.each([
    ['someone collapsed in the lecture hall and is not breathing', 'en', '112'],
    ['Hilfe, mein Kommilitone ist bewusstlos!', 'de', '112'],
    ['es brennt im Labor', 'de', '112'],
    ['my roommate says she wants to end her life', 'en', '0800 111 0 111'],
    ["I don't want to live anymore", 'en', '0800 111 0 111'],
    ['Ich will nicht mehr leben', 'de', '0800 111 0 111'],
    ['my ex keeps waiting outside my lectures', 'en', '110'],
    ['ich werde am Lehrstuhl gemobbt', 'de', '110'],
    ['trapped in the elevator at the main building', 'en', '112'],
  ] as const)('comes for: %s', (message, language, number) => {
    expect(noticeFor(message)?.[language]).toContain(number);
  });

  it('has the numbers of Singapore there', () => {
    expect(noticeFor('he is unconscious', 'Singapore')?.en).toContain('995');
  });

  it.each([
    'How do I connect to eduroam?',
    'My VPN connection collapsed, what can I do?',
    'Was kostet der Semesterbeitrag?',
    'Where do I find the fire safety training?',
    'Wo kann ich ein Fahrrad abstellen?',
    'When is the next fire drill?',
    'That was a killer exam, when is the review?',
  ])('does not come for: %s', (message) => {
    expect(detect(message)).toBeUndefined();
  });

  it('comes however umlauts, capitals and letters are written', () => {
    for (const message of ['Überdosis', 'ueberdosis', 'UBERDOSIS']) {
      expect(detect(`${message}, freundin wacht nicht auf`)?.category).toBe('poisoning');
    }
    expect(detect('i want to k1ll myself')?.kind.id).toBe('crisis');
    expect(foldText('Wüßte, Ｆire!')).toBe(' wuste fire ');
  });

  it('reads the longest message in a time that nobody notices', () => {
    const begin = process.cpuUsage();
    for (const words of ['my ex keeps ', 'someone in the room ', 'i ', 'ich kann nicht ']) {
      detect(words.repeat(1000).slice(0, 1000));
    }
    expect(process.cpuUsage(begin).user / 1000).toBeLessThan(2000);
  });
});

describe('the entry that helps', () => {
  const entry = (id: string, campuses: string[]) => ({ id, campuses }) as unknown as KnowledgeEntry;
  const entries = new Map(
    [
      entry('emergency-bavaria', ['Munich', 'Garching']),
      entry('emergency-heilbronn', ['Heilbronn']),
      entry('emergency-singapore', ['Singapore']),
    ].map((each) => [each.id, each]),
  );
  const chosen = (campus?: string) => {
    const emergency = detect('es brennt im Labor');
    return emergency && chooseEmergencyEntry(emergency, campus, (id) => entries.get(id))?.id;
  };

  it('is that of the campus, and the first where none is known', () => {
    expect([chosen('Heilbronn'), chosen('Singapore'), chosen()]).toEqual([
      'emergency-heilbronn',
      'emergency-singapore',
      'emergency-bavaria',
    ]);
  });
});

it('lists the numbers of every region for those who get no answer', () => {
  expect(listEmergencyNumbers(institution)).toMatch(/Munich.*112.*Singapore.*995/);
});
