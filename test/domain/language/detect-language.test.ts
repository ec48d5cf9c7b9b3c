import { describe, expect, test } from 'vitest';
import { vocabulary } from '../../fixtures/institution.ts';

const { detectLanguage } = vocabulary;

describe('language of a short text', () => {
  test.each([
    'Wie richte ich meine E-Mail ein?',
    'Öffnungszeiten Bibliothek',
    'Urlaubsantrag',
    'wo ist die mensa',
    'Parken in Garching',
    'Was kostet das Deutschlandticket?',
    'Hallo',
    'und am Sonntag?',
  ])('German: %s', (text) => {
    expect(detectLanguage(text)).toBe('de');
  });

  test.each([
    'How do I set up my e-mail?',
    'library opening hours',
    'Where can I find the Mensa in München?',
    'vacation request',
    'laptop',
    'TUMonline login problem',
    'software license',
    'Hello',
    'and on Sundays?',
    'What is the Urlaubsantrag?',
  ])('English: %s', (text) => {
    expect(detectLanguage(text)).toBe('en');
  });

  test('a text that could be either takes the fallback', () => {
    expect(detectLanguage('VPN', 'de')).toBe('de');
    expect(detectLanguage('VPN')).toBe('en');
  });
});
