import type { Campus, Language, Role } from './audience.ts';

/** One text in each language. Markdown where people read it. */
export type Texts = Readonly<Record<Language, string>>;

/** A place of the institution. `id` is its name on the wire, in sessions and in statistics. */
export interface CampusProfile {
  id: Campus;
  name: Texts;
  /** Rarely meant when no campus is named. */
  isSmall: boolean;
  /** Region of `notices`. */
  emergency: string;
  /** By which people mean it. */
  patterns: readonly RegExp[];
  /** What knowledge files may call it besides its id, lower case. */
  fileWords: readonly string[];
}

/** A kind of person. `id` is its name on the wire, in sessions and in statistics. */
export interface RoleProfile {
  id: Role;
  name: Texts;
  /** Completes "Are you ...?". */
  noun: Texts;
  /** Words for such a person, which may be the speaker or somebody else. */
  patterns: readonly RegExp[];
  /** What only the speaker's own role explains: "I teach". */
  activities: readonly RegExp[];
  /** What knowledge files may call it besides its id, lower case. */
  fileWords: readonly string[];
}

/** Where people are sent; it fits by any of its subjects, campuses and roles, and without all of them always. */
export interface Office {
  id: string;
  contact: Texts;
  subjects: readonly RegExp[];
  campuses: readonly Campus[];
  roles: readonly Role[];
}

/** Named lists of words that rules refer to. */
export type EmergencyWords = ReadonlyMap<string, readonly string[]>;

/** Emergencies that get one notice and one entry. */
export interface EmergencyKind {
  id: string;
  /** Ids of entries that help; the one of the asker's campus is shown, or else the first. */
  entries: readonly string[];
  /** `id` is what statistics keep; rules are read by createEmergencyDetection. */
  categories: readonly { id: string; rules: readonly string[] }[];
}

export interface SmallTalkKind {
  id: string;
  words: ReadonlySet<string>;
  reply: Texts;
}

/** A pattern and what is searched for instead; with a second pattern only where that follows somewhere behind. */
export type Phrase = readonly [pattern: RegExp, replacement: string, follows?: RegExp | undefined];

/** Words of the two languages. */
export interface InstitutionWords {
  stopWords: Readonly<Record<Language, ReadonlySet<string>>>;
  genericWords: Readonly<Record<Language, readonly string[]>>;
  /** Common content words that only English questions have. */
  englishWords: ReadonlySet<string>;
  /** English for lower-case German function words. */
  functionWords: ReadonlyMap<string, string>;
  phrases: Readonly<Record<Language, readonly Phrase[]>>;
  /** German base forms of one meaning, and the English words, each with its alternatives, commonest first. */
  glossary: readonly { german: readonly string[]; english: readonly (readonly string[])[] }[];
  /** English words that mean about the same. */
  synonyms: readonly (readonly string[])[];
}

/** All that the service knows of the institution it speaks for, besides its knowledge base. */
export interface Institution {
  name: Texts & { short: string };
  /** Names of the institution that contain a campus's name without meaning it. */
  ownNames: readonly RegExp[];
  campuses: readonly CampusProfile[];
  roles: readonly RoleProfile[];
  /** The first that fits is named; the last one fits always. */
  offices: readonly Office[];
  emergencies: {
    /** Phrases that are taken out of a message before the rules are asked. */
    lookAlikes: readonly string[];
    /** Rules by which a message is none, whatever else fits. */
    setAside: readonly string[];
    words: EmergencyWords;
    /** The first that fits counts. */
    kinds: readonly EmergencyKind[];
    /** By region, then by kind. The first region holds where no campus is known. */
    notices: ReadonlyMap<string, ReadonlyMap<string, Texts>>;
  };
  smallTalk: { fillers: ReadonlySet<string>; kinds: readonly SmallTalkKind[] };
  clarifications: Readonly<Record<'campus' | 'role', Texts>>;
  /** Sentences around entries that are shown as they are. */
  entrySentences: Readonly<Record<'otherLanguage' | 'unsure' | 'notThat' | 'unknown' | 'more', Texts>>;
  /** The model's system instruction. */
  instruction: string;
  words: InstitutionWords;
  /** Changes with any of the above. */
  fingerprint: string;
}
