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

const anyoneWords = ['all', 'any', 'everyone', 'general'];
const anywhereWords = ['all', 'any', 'everywhere'];
const languageWords: ReadonlyMap<string, Language> = new Map([
  ['en', 'en'],
  ['english', 'en'],
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

/** Plural forms are understood too: files say "Students" as often as "Student". */
const find = <T>(words: ReadonlyMap<string, T>, text: string): T | undefined => {
  const word = text.trim().toLowerCase().replace(/\s+/g, ' ');
  return words.get(word) ?? words.get(word.replace(/s$/, ''));
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
