import type { Campus, Language, Role } from '../audience.ts';
import type { Institution } from '../institution.ts';

/** What knowledge files call roles, campuses and languages. Case, plural forms and extra spaces do not matter. */
export interface AudienceWords {
  /** `everyone` narrows nothing; undefined for a word that is not known. */
  findRole(text: string): Role | 'everyone' | undefined;
  findCampus(text: string): Campus | 'everywhere' | undefined;
  findLanguage(text: string): Language | undefined;
  /** Ids, for messages. */
  readonly roles: readonly Role[];
  readonly campuses: readonly Campus[];
}

const anyoneWords = ['all', 'any', 'everyone', 'general', 'alle', 'jeder', 'allgemein'];
const anywhereWords = ['all', 'any', 'everywhere', 'alle', 'alle campus', 'alle standorte', 'überall'];
const languageWords: ReadonlyMap<string, Language> = new Map([
  ['en', 'en'],
  ['english', 'en'],
  ['englisch', 'en'],
  ['de', 'de'],
  ['german', 'de'],
  ['deutsch', 'de'],
]);

interface Named {
  id: string;
  name: Readonly<Record<Language, string>>;
  fileWords: readonly string[];
}

const wordsOf = ({ id, name, fileWords }: Named) =>
  [id, name.en, name.de, ...fileWords].map((word): [string, string] => [word.toLowerCase(), id]);

/**
 * Plural forms are understood too: files say "Students" as often as "Student". So are German forms for both sexes
 * ("Student:innen", "Mitarbeiter/-in") and "Campus Garching", "de-DE".
 */
const find = <T>(words: ReadonlyMap<string, T>, text: string): T | undefined => {
  const word = text.normalize('NFC').trim().toLowerCase().replace(/\s+/g, ' ');
  const forms = [
    word,
    word.replace(/s$/, ''),
    word.replace(/[:*_/]?-?in(?:nen)?$/, ''),
    word.replace(/^(?:tum )?campus /, ''),
    word.replace(/[-_][a-z]{2}$/, ''),
  ];
  return forms.map((form) => words.get(form)).find((found) => found !== undefined);
};

export function createAudienceWords({
  roles,
  campuses,
}: Pick<Institution, 'roles' | 'campuses'>): AudienceWords {
  const roleWords = new Map([
    ...roles.flatMap(wordsOf),
    ...anyoneWords.map((word) => [word, 'everyone'] as const),
  ]);
  const campusWords = new Map([
    ...campuses.flatMap(wordsOf),
    ...anywhereWords.map((word) => [word, 'everywhere'] as const),
  ]);
  return {
    findRole: (text) => find(roleWords, text),
    findCampus: (text) => find(campusWords, text),
    findLanguage: (text) => find(languageWords, text),
    roles: roles.map(({ id }) => id),
    campuses: campuses.map(({ id }) => id),
  };
}
