import { describe, expect, it } from 'vitest';
import { createAnonymizer } from '../../../src/domain/statistics/anonymizer.ts';
import { maskPersonalData } from '../../../src/domain/statistics/mask-personal-data.ts';
import { normalizeQuestion } from '../../../src/domain/statistics/normalize-question.ts';

describe('masking', () => {
  it.each([
    // e-mail
    ['Write to anna.müller+uni@in.tum.de please', 'Write to [email] please'],
    ['anna.huber@tum.de. Thanks', '[email]. Thanks'],
    ['mailto:anna@tum.de', 'mailto:[email]'],
    ['anna.huber(at)tum.de', '[email]'],
    ['anna.huber[at]tum.de', '[email]'],
    ['anna.huber {at} tum.de', '[email]'],
    ['anna.huber (at) tum (dot) de', '[email]'],
    ['anna.huber[at]tum[dot]de', '[email]'],
    ['anna (ät) tum.de', '[email]'],
    ['mail anna at tum dot de now', 'mail [email] now'],
    ['anna dot huber at in dot tum dot de', '[email]'],
    ['anna AT tum DOT de', '[email]'],
    ['anna punkt huber at tum punkt de', '[email]'],
    ['anna.huber at tum.de', '[email]'],
    ['anna @ tum.de', '[email]'],
    ['anna @ tum . de', '[email]'],
    ['anna＠tum.de', '[email]'],
    ['ａｎｎａ＠ｔｕｍ．ｄｅ', '[email]'],
    ['anna@tum。de', '[email]'],
    ['an\u200bna@t\u00adum.de', '[email]'],
    ['anna%40tum.de', '[email]'],
    ['anna&#64;tum.de', '[email]'],
    // phone
    ['+49 89 289 22245', '[phone]'],
    ['+49 (0)89 / 289-22245', '[phone]'],
    ['(+49) 89 28922245', '[phone]'],
    ['+49.89.289.22245', '[phone]'],
    ['+49–89–289–22245', '[phone]'],
    ['＋４９ ８９ ２８９ ２２２４５', '[phone]'],
    ['+٤٩ ٨٩ ٢٨٩٢٢٢٤٥', '[phone]'],
    ['call 0176 12345678 now', 'call [phone] now'],
    ['0176.12345678', '[phone]'],
    ['0176.123.45.678', '[phone]'],
    ['089.289.22245', '[phone]'],
    ['089–289–22245', '[phone]'],
    ['０８９ ２８９２２２４５', '[phone]'],
    ['0176-1234-5678', '[phone]'],
    ['0176/12345678', '[phone]'],
    ['0176\u00a0123\u202f45678', '[phone]'],
    ['Tel.: 089/289-22245', 'Tel.: [phone]'],
    ['Tel.089/28922245', 'Tel.[phone]'],
    ['Tel. 089.28922245', 'Tel. [phone]'],
    ['Telefon 28922245', 'Telefon [phone]'],
    ['my phone number is 289-22245', 'my phone number is [phone]'],
    ['Handynummer: 176 12345678', 'Handynummer: [phone]'],
    ['(089) 28922245', '[phone]'],
    ['(0)89 28922245', '[phone]'],
    ['0049 176 1234 5678', '[phone]'],
    ['00 49 176 12345678', '[phone]'],
    ['+1.555.123.4567', '[phone]'],
    ['+65 6777 7777', '[phone]'],
    // matriculation
    ['Meine Nummer ist 03712345.', 'Meine Nummer ist [matriculation number].'],
    ['Meine Nummer ist 3712345.', 'Meine Nummer ist [matriculation number].'],
    ['03 71 23 45', '[matriculation number]'],
    ['0371 2345', '[matriculation number]'],
    ['03 712 345', '[matriculation number]'],
    ['０３７１２３４５', '[matriculation number]'],
    ['037\u200b12345', '[matriculation number]'],
    ['Matrikelnummer 371 2345', 'Matrikelnummer [matriculation number]'],
    ['Matr.-Nr. 3 712 345', 'Matr.-Nr. [matriculation number]'],
    ['my matriculation number is 37-12-345', 'my matriculation number is [matriculation number]'],
    ['login ge47lor or GA12ABC?', 'login [tum id] or [tum id]?'],
    // IBAN
    ['IBAN DE89 3704 0044 0532 0130 00, thanks', 'IBAN [iban], thanks'],
    ['DE89 3704 0044 0532 0130 00 thanks', '[iban] thanks'],
    ['de89370400440532013000', '[iban]'],
    ['DE 89 3704 0044 0532 0130 00', '[iban]'],
    ['DE89-3704-0044-0532-0130-00', '[iban]'],
    ['DE89 370400440532013000', '[iban]'],
    ['DE89 37040044 0532013000', '[iban]'],
    ['D E 8 9 3 7 0 4 0 0 4 4 0 5 3 2 0 1 3 0 0 0', '[iban]'],
    ['DE89.3704.0044.0532.0130.00', '[iban]'],
    ['IBAN:DE89370400440532013001', 'IBAN:[iban]'],
    ['GB29NWBK60161331926819', '[iban]'],
    ['GB29 NWBK 6016 1331 9268 19 is mine', '[iban] is mine'],
    ['NL91 ABNA 0417 1643 00', '[iban]'],
    ['AT61 1904 3002 3457 3201', '[iban]'],
    // cards
    ['4111 1111 1111 1111', '[card number]'],
    ['4111111111111111', '[card number]'],
    ['5500-0000-0000-0004', '[card number]'],
    ['3400 000000 00009', '[card number]'],
    ['４１１１ １１１１ １１１１ １１１１', '[card number]'],
    // names
    ['my name is Anna Huber and I study', 'my name is [name] and I study'],
    ['My name is anna huber, where is the library?', 'My name is [name], where is the library?'],
    ["my name's Anna-Lena O'Neill", "my name's [name]"],
    ['Ich heiße Anna Huber.', 'Ich heiße [name].'],
    ['ich heisse Max von der Tann und', 'ich heisse [name] und'],
    ['Mein Name ist Dr. Anna Huber, ich', 'Mein Name ist [name], ich'],
    ['My name is 王小明.', 'My name is [name].'],
    ['Name: Anna Huber', 'Name: [name]'],
    // dates of birth
    ['geboren am 03.04.1999 in Ulm', 'geboren am [date of birth] in Ulm'],
    ['geb. 3.4.99', 'geb. [date of birth]'],
    ['I was born on 3 April 1999', 'I was born on [date of birth]'],
    ['born on April 3rd, 1999', 'born on [date of birth]'],
    ['born on the 3rd of April 1999', 'born on the [date of birth]'],
    ['date of birth: 1999-04-03', 'date of birth: [date of birth]'],
    ['DOB 03/04/1999', 'DOB [date of birth]'],
    ['Mein Geburtsdatum ist der 3. April 1999', 'Mein Geburtsdatum ist der [date of birth]'],
    ['Anna Huber, *03.04.1999', 'Anna Huber, *[date of birth]'],
  ])('hides %j', (text, masked) => {
    expect(maskPersonalData(text)).toBe(masked);
  });

  it.each([
    'When is the deadline, 15.07.2026 or 01.10.2026?',
    'from 03.12.2026 or 03-12-2026 or 03/12/2026',
    'Room 00.08.038 or 5607.03.018, course IN0001',
    'Room 01.07.023 or 03.07.023, building 0505.03.537, 0301.02.110',
    'building 5607, 0505 or 3101',
    'Open from 08:00 to 20:00, also on 01/10/2026',
    'ECTS 120, 30 credits, semester 2026/27, fee 85.00 EUR',
    'at 2026-03-01 08:00',
    'Which of the 45000 students in 2026 paid 1234567 EUR?',
    'a budget of 3500000 EUR, €3500000 or 3500000 €',
    'port 8080, port 03389 or 443',
    'years 2019 2020 2021 2022 2023',
    'order 1234 5678 9012 3456',
    'look at tum.de',
    'I study at tum dot',
    'meet me @ the library. Then we go',
    'How do I set @media rules in CSS?',
    'my name is not on the list',
    'My name is spelled wrong on the card',
    'my name is wrong',
    'Ich heiße nicht so',
    'born in 1999',
    'IN2064 and MA0001 0002 0003 0004 and 0005',
    'Emergency: 112, 110',
    'IPv4 10.152.12.3, 255.255.255.0, version 1.27.3',
    'Wörter – mit Gedankenstrich … und ½',
    'costs 3712.50 or 3,712,345.00',
  ])('leaves %j as it is', (text) => {
    expect(maskPersonalData(text)).toBe(text);
  });

  it('masks what is masked no second time', () => {
    const masked = maskPersonalData('my name is Anna, born on 3.4.1999, anna@tum.de, Tel. 089.28922245');
    expect(masked).toBe('my name is [name], born on [date of birth], [email], Tel. [phone]');
    expect(maskPersonalData(masked)).toBe(masked);
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
