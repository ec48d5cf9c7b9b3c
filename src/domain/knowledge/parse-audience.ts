import { type Campus, campuses, type Language, type Role, roles } from '../audience.ts';

/** Words of knowledge files, lower case, and whom they mean; `everyone` narrows nothing. */
const roleWords: ReadonlyMap<string, Role | 'everyone'> = new Map([
  ...roles.map((role): [string, Role] => [role, role]),
  ['international student', 'student'],
  ['exchange student', 'student'],
  ['doctoral candidate', 'student'],
  ['phd student', 'student'],
  ['studierende', 'student'],
  ['staff', 'employee'],
  ['new employee', 'employee'],
  ['supervisor', 'employee'],
  ['researcher', 'employee'],
  ['mitarbeitende', 'employee'],
  ['professor', 'lecturer'],
  ['faculty', 'lecturer'],
  ['teacher', 'lecturer'],
  ['lehrende', 'lecturer'],
  ['applicant', 'visitor'],
  ['prospective student', 'visitor'],
  ['guest', 'visitor'],
  ['alumni', 'visitor'],
  ['alumnus', 'visitor'],
  ['external', 'visitor'],
  ['all', 'everyone'],
  ['any', 'everyone'],
  ['everyone', 'everyone'],
  ['general', 'everyone'],
]);

const campusWords: ReadonlyMap<string, Campus | 'everywhere'> = new Map([
  ...campuses.map((campus): [string, Campus] => [campus.toLowerCase(), campus]),
  ['münchen', 'Munich'],
  ['freising', 'Weihenstephan'],
  ['all', 'everywhere'],
  ['any', 'everywhere'],
  ['everywhere', 'everywhere'],
]);

const languageWords: ReadonlyMap<string, Language> = new Map([
  ['en', 'en'],
  ['english', 'en'],
  ['de', 'de'],
  ['german', 'de'],
  ['deutsch', 'de'],
]);

/** Plural forms are understood too: files say "Students" as often as "Student". */
const find = <T>(words: ReadonlyMap<string, T>, text: string): T | undefined => {
  const word = text.trim().toLowerCase().replace(/\s+/g, ' ');
  return words.get(word) ?? words.get(word.replace(/s$/, ''));
};

export const findRole = (text: string) => find(roleWords, text);
export const findCampus = (text: string) => find(campusWords, text);
export const findLanguage = (text: string) => find(languageWords, text);
