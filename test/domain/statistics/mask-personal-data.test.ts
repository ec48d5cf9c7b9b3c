import { describe, expect, it } from 'vitest';
import { createAnonymizer } from '../../../src/domain/statistics/anonymizer.ts';
import { maskPersonalData } from '../../../src/domain/statistics/mask-personal-data.ts';
import { normalizeQuestion } from '../../../src/domain/statistics/normalize-question.ts';

describe('masking', () => {
  it.each([
    ['Write to anna.müller+uni@in.tum.de please', 'Write to [email] please'],
    ['IBAN DE89 3704 0044 0532 0130 00, thanks', 'IBAN [iban], thanks'],
    ['de89370400440532013000', '[iban]'],
    ['GB29NWBK60161331926819', '[iban]'],
    ['Meine Nummer ist 03712345.', 'Meine Nummer ist [matriculation number].'],
    ['login ge47lor or GA12ABC?', 'login [tum id] or [tum id]?'],
    ['+49 89 289 22245', '[phone]'],
    ['+49 (0)89 / 289-22245', '[phone]'],
    ['call 0176 12345678 now', 'call [phone] now'],
    ['Tel.: 089/289-22245', 'Tel.: [phone]'],
    ['(089) 28922245', '[phone]'],
    ['0049 176 1234 5678', '[phone]'],
    ['+1.555.123.4567', '[phone]'],
  ])('hides %j', (text, masked) => {
    expect(maskPersonalData(text)).toBe(masked);
  });

  it.each([
    'When is the deadline, 15.07.2026 or 01.10.2026?',
    'Room 00.08.038 or 5607.03.018, course IN0001',
    'Open from 08:00 to 20:00, also on 01/10/2026',
    'ECTS 120, 30 credits, semester 2026/27, fee 85.00 EUR',
    'at 2026-03-01 08:00',
    'Which of the 45000 students in 2026 paid 1234567 EUR?',
  ])('leaves %j as it is', (text) => {
    expect(maskPersonalData(text)).toBe(text);
  });

  it('takes no time on hostile text', () => {
    const startedAt = performance.now();
    for (const text of [
      '0'.repeat(1000),
      '0 '.repeat(500),
      'a@'.repeat(500),
      'DE12 '.repeat(200),
      '+1('.repeat(300),
    ]) {
      maskPersonalData(text);
    }
    expect(performance.now() - startedAt).toBeLessThan(100);
  });
});

describe('the anonymizer', () => {
  const key = { userId: 'anna', sessionId: 'test' };

  it('gives a user the same name everywhere, which another salt changes', () => {
    const one = createAnonymizer({ enabled: true, salt: 'salt' });
    expect(one.userId('anna')).toMatch(/^[0-9a-f]{32}$/);
    expect(one.userId('anna')).toBe(createAnonymizer({ enabled: true, salt: 'salt' }).userId('anna'));
    expect(one.userId('anna')).not.toBe(createAnonymizer({ enabled: true, salt: 'pepper' }).userId('anna'));
    expect(one.sessionHash(key)).not.toBe(one.sessionHash({ ...key, userId: 'berta' }));
  });

  it('keeps users and texts when it is off, but never a raw session id', () => {
    const off = createAnonymizer({ enabled: false, salt: 'salt' });
    expect(off.userId('anna')).toBe('anna');
    expect(off.text('anna@tum.de')).toBe('anna@tum.de');
    expect(off.sessionHash(key)).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('normalising', () => {
  it.each([
    ['  Wo ist   die MENSA?! ', 'wo ist die mensa'],
    ['¿Dónde?', 'dónde'],
    ['Mail [email]?', 'mail [email]'],
    ['[email] is mine.', '[email] is mine'],
    ['???', ''],
  ])('makes %j into %j', (question, normalized) => {
    expect(normalizeQuestion(question)).toBe(normalized);
  });

  it('never cuts a character in two', () => {
    expect(normalizeQuestion('😀'.repeat(300))).toBe('😀'.repeat(200));
  });
});
