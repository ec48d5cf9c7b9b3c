import { describe, expect, test } from 'vitest';
import { vocabulary } from '../../fixtures/institution.ts';

const { detectAudience, detectStatedAudience, findCampuses } = vocabulary;

describe('campus', () => {
  test.each([
    ['Where can I eat in Garching?', 'Garching'],
    ['Parken in Freising', 'Weihenstephan'],
    ['Mensa am Bildungscampus', 'Heilbronn'],
    ['Hörsaal im Stammgelände', 'Munich'],
    ['Wo ist die Bibliothek in München?', 'Munich'],
    ['Visa for TUM Asia', 'Singapore'],
  ])('%s', (text, campus) => {
    expect(detectAudience(text).campus).toBe(campus);
  });

  test('the name of the university is no campus', () => {
    expect(findCampuses('Does the Technical University of Munich or the TU München help?')).toEqual([]);
  });

  test('two campuses are no preference', () => {
    expect(detectAudience('How do I get from Munich to Garching?').campus).toBeUndefined();
  });
});

describe('role', () => {
  test.each([
    ['As a student, how do I print?', 'student'],
    ["I'm a new employee, what now?", 'employee'],
    ['ich bin Mitarbeiterin', 'employee'],
    ['Als Gast ins WLAN', 'visitor'],
    ['Ich studiere Informatik', 'student'],
    ['I am a lecturer', 'lecturer'],
    ['Als Dozentin: wie lege ich einen Kurs an?', 'lecturer'],
    ['student', 'student'],
  ])('%s', (text, role) => {
    expect(detectAudience(text).role).toBe(role);
  });

  test.each(['Do students get a discount?', 'How many employees are there?', 'What is a guest lecture?'])(
    'a role that is spoken of is not the speaker’s: %s',
    (text) => {
      expect(detectAudience(text).role).toBeUndefined();
    },
  );
});

describe('what a message says of the speaker', () => {
  test.each(['I study in Garching', 'Garching', 'in Garching bitte', 'Ich arbeite in Garching.'])(
    '%s',
    (text) => {
      expect(detectStatedAudience(text).campus).toBe('Garching');
    },
  );

  test('a campus asked about is not kept', () => {
    expect(detectStatedAudience('Where can I eat in Garching?')).toEqual({});
  });
});
