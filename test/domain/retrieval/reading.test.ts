import { describe, expect, test } from 'vitest';
import { createSpelling } from '../../../src/domain/language/spelling.ts';
import { stemEnglish, stemGerman } from '../../../src/domain/language/stem.ts';
import { tokenize } from '../../../src/domain/language/tokenize.ts';
import { joinFollowUp } from '../../../src/domain/retrieval/follow-up.ts';
import { fuseScores, toSimilarity } from '../../../src/domain/retrieval/fusion.ts';
import { vocabulary } from '../../fixtures/institution.ts';

describe('follow-ups', () => {
  const previous = 'Where can I park in Munich?';

  test.each([
    'and on Sundays?',
    'Or by bike?',
    'What about visitors?',
    'How much does it cost?',
    'und am Sonntag?',
    'Was ist mit Gästen?',
    'Gilt das auch für Gäste?',
    'For employees?',
    'How much?',
  ])('"%s" leans on the question before', (question) => {
    expect(joinFollowUp(vocabulary, question, previous).carried).toBe(previous);
  });

  test.each([
    'How do I set up eduroam on Windows?',
    'Where is the canteen in Garching?',
    'Wie viele Bücher darf ich ausleihen?',
    'How do I install the VPN client?',
  ])('"%s" stands alone', (question) => {
    expect(joinFollowUp(vocabulary, question, previous)).toMatchObject({
      text: question,
      carried: undefined,
    });
  });

  test('a campus that it names replaces the earlier one', () => {
    expect(joinFollowUp(vocabulary, 'And in Garching?', previous).text).toBe(
      'Where can I park in ? And in Garching?',
    );
  });

  test.each(['and on Sundays?', 'what about visitors?', 'und am Sonntag?', 'For employees?'])(
    '"%s" keeps the subject',
    (question) => {
      expect(joinFollowUp(vocabulary, question, previous).keepsSubject).toBe(true);
    },
  );

  test.each(['And where is the canteen?', 'How much does it cost?'])(
    '"%s" may have one of its own',
    (question) => {
      expect(joinFollowUp(vocabulary, question, previous)).toMatchObject({
        carried: previous,
        keepsSubject: false,
      });
    },
  );

  test('a question of generic words alone leans on the one before', () => {
    expect(joinFollowUp(vocabulary, 'Who do I tell?', 'I lost my card').carried).toBe('I lost my card');
  });

  test('a first question has nothing to lean on', () => {
    expect(joinFollowUp(vocabulary, 'and on Sundays?', undefined).carried).toBeUndefined();
  });
});

describe('stems', () => {
  test.each([
    ['connect', 'connection'],
    ['extends', 'extended'],
    ['library', 'libraries'],
  ])('%s and %s are one word', (one, other) => {
    expect(stemEnglish(one)).toBe(stemEnglish(other));
  });

  test.each(['prüfungen', 'pruefung', 'prufung', 'Prüfung'.toLowerCase()])('%s is an exam', (word) => {
    expect(stemGerman(word)).toBe(stemGerman('prüfung'));
  });
});

describe('German in English', () => {
  const first = (word: string) =>
    vocabulary.glossary
      .translate(word)
      ?.map(([alternative]) => alternative)
      .join(' ');

  test.each([
    ['bücher', 'book'],
    ['studierendenausweis', 'student card'],
    ['krankenversicherung', 'health insurance'],
    ['bibliothekskonto', 'library account'],
    ['semesterbeiträge', 'semester fee'],
    ['parkhausgebühr', 'parking garage fee'],
  ])('%s', (german, english) => {
    expect(first(german)).toBe(english);
  });

  test('a word of which no part is listed has none', () => {
    expect(vocabulary.glossary.translate('xylophon')).toBeUndefined();
  });
});

describe('spelling', () => {
  const spelling = createSpelling(
    new Map([
      ['library', 9],
      ['insurance', 5],
      ['list', 3],
      ['park', 4],
      ['part', 1],
    ]),
  );

  test.each([
    ['libary', 'library'],
    ['insurence', 'insurance'],
    ['prak', 'park'],
    ['parrk', 'park'],
  ])('%s is read as %s', (typed, meant) => {
    expect(spelling.findNearest(typed)).toBe(meant);
  });

  test.each(['lisa', 'weather', 'vpn', 'mu65'])('%s is left alone', (word) => {
    expect(spelling.findNearest(word)).toBeUndefined();
  });
});

test('words of a text are the same however they are joined', () => {
  expect(tokenize('Log in to your E-Mail over Wi-Fi!')).toEqual(tokenize('login to your email, over wifi'));
});

describe('fusion', () => {
  test('gives a similarity within 0 and 1', () => {
    expect(toSimilarity(fuseScores({ keyword: 9, semantic: 1 }))).toBe(1);
    expect(toSimilarity(fuseScores({ keyword: 0, semantic: 0 }))).toBe(0);
  });

  test('a weak word match stays weak', () => {
    expect(fuseScores({ keyword: 0.1, semantic: 0.4 })).toBeCloseTo(0.295);
  });

  test('one search alone gives its own score', () => {
    expect(fuseScores({ keyword: 0.7 })).toBe(0.7);
    expect(fuseScores({ semantic: 0.7 })).toBe(0.7);
  });
});

describe('small talk', () => {
  test.each(['Hello', 'hallo!', 'Hi there', 'Guten Morgen', 'Grüß Gott'])('%s greets', (message) => {
    expect(vocabulary.detectSmallTalk(message)).toMatchObject({ id: 'greeting' });
  });

  test.each(['thanks', 'Thank you so much!', 'Vielen Dank für die Hilfe'])('%s thanks', (message) => {
    expect(vocabulary.detectSmallTalk(message)).toMatchObject({ id: 'thanks' });
  });

  test.each(['Hello, where is the library?', 'Mensa', 'Thank you letter template', ''])(
    '%s is a question',
    (message) => {
      expect(vocabulary.detectSmallTalk(message)).toBeUndefined();
    },
  );
});
