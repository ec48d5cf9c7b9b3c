import type { Audience, Campus, Role } from '../audience.ts';
import type { Institution } from '../institution.ts';
import { readQuestion } from './normalize-text.ts';

/** Words before a role by which it is the speaker's own: "as a student", "ich bin Mitarbeiterin". */
const ownRolePrefix =
  "(?:\\bas (?:an? )?|\\bi(?: a|['’])?m (?:an? )?|\\bim (?:an? )|\\bi work as (?:an? )?|\\bwe (?:are )?|\\bich bin (?:eine? |ein )?|\\bals (?:eine? )?|\\bwir (?:sind )?|\\bbin )";

const selfStatement =
  /\b(?:i(?: a|['’])?m|im|i (?:study|work|live|teach|am)|my campus|ich (?:bin|studiere|arbeite|wohne|lehre)|mein campus|we are|wir sind)\b/i;
const longestBareAnswerWords = 4;

export interface AudienceDetection {
  /** Campuses that are rarely meant when none is named. */
  readonly smallCampuses: ReadonlySet<Campus>;
  /** Campuses that a text names, in the institution's order. */
  findCampuses(text: string): Campus[];
  /** The text without the names of campuses. */
  removeCampuses(text: string): string;
  /**
   * Whom and where a question is about, from its words. A named campus is meant for this question; more than one named
   * is no preference. A role counts only when it is the speaker's ("as a student"), not when it is spoken of.
   */
  detectAudience(text: string): Audience;
  /**
   * What a message says of the speaker, worth remembering for later questions: "I study in Garching", or a bare
   * "Garching" in reply to being asked. "Where can I eat in Garching?" says nothing of the speaker.
   */
  detectStatedAudience(text: string): Audience;
}

type AudienceProfiles = Pick<Institution, 'name' | 'ownNames' | 'campuses' | 'roles'>;

const everywhere = (pattern: RegExp) => new RegExp(pattern.source, `${pattern.flags}g`);
const anyOf = (patterns: readonly RegExp[]) => patterns.map(({ source }) => `(?:${source})`).join('|');
const escapePattern = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

function toAudience(role: Role | undefined, campuses: readonly Campus[]): Audience {
  const campus = campuses.length === 1 ? campuses[0] : undefined;
  return { ...(role && { role }), ...(campus && { campus }) };
}

export function createAudienceDetection({
  name,
  ownNames,
  campuses,
  roles,
}: AudienceProfiles): AudienceDetection {
  const ownNamePatterns = ownNames.map(everywhere);
  const campusPatterns = campuses.flatMap(({ patterns }) => patterns.map(everywhere));
  const lastFirst = roles.toReversed();
  const rolePatterns = lastFirst.map(({ id, patterns }) => [id, anyOf(patterns)] as const);
  const short = escapePattern(name.short);
  const ownRole = (words: string) =>
    new RegExp(`${ownRolePrefix}(?:${short} |${short}-)?(?:${words})(?![\\p{L}])`, 'iu');
  const bareRole = (words: string) =>
    new RegExp(
      `^\\W*(?:(?:and|und|what about|was ist mit) )?(?:for |f(?:ü|ue)r )?(?:an? |eine? |als )?(?:${words})(?: please| bitte)?\\W*$`,
      'iu',
    );
  const findsRole: readonly (readonly [Role, RegExp])[] = [
    ...rolePatterns.map(([id, words]) => [id, ownRole(words)] as const),
    ...rolePatterns.map(([id, words]) => [id, bareRole(words)] as const),
    ...lastFirst.flatMap(({ id, activities }) => activities.map((pattern) => [id, pattern] as const)),
  ];

  function findCampuses(text: string): Campus[] {
    const withoutOwnName = ownNamePatterns.reduce((rest, own) => rest.replace(own, ' '), readQuestion(text));
    return campuses
      .filter(({ patterns }) => patterns.some((pattern) => pattern.test(withoutOwnName)))
      .map(({ id }) => id);
  }

  function findRole(text: string): Role | undefined {
    const words = readQuestion(text);
    return findsRole.find(([, pattern]) => pattern.test(words))?.[0];
  }

  return {
    smallCampuses: new Set(campuses.filter(({ isSmall }) => isSmall).map(({ id }) => id)),
    findCampuses,
    removeCampuses: (text) =>
      campusPatterns
        .reduce((rest, names) => rest.replace(names, ' '), readQuestion(text))
        .replace(/\s+/g, ' ')
        .trim(),
    detectAudience: (text) => toAudience(findRole(text), findCampuses(text)),
    detectStatedAudience(message) {
      const text = readQuestion(message);
      const isBareAnswer = !text.includes('?') && text.trim().split(/\s+/).length <= longestBareAnswerWords;
      const named = isBareAnswer || selfStatement.test(text) ? findCampuses(text) : [];
      return toAudience(findRole(text), named);
    },
  };
}
