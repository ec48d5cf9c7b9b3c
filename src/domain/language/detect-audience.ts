import type { Audience, Campus, Role } from '../audience.ts';

/** Names of the university that contain a campus's name without meaning the campus. */
const universityNames =
  /technical university (?:of )?munich|technische(?:n)? universit(?:ä|ae)t m(?:ü|ue)nchen|\btu[- ]?m(?:ü|ue)nchen|\btu[- ]munich|university of munich/gi;

/** Towns, streets and nicknames by which people mean a campus. */
const campusNames: Readonly<Record<Campus, RegExp>> = {
  Munich:
    /\b(?:munich|m(?:ü|ue|u)nchen|stammgel(?:ä|ae)nde|innenstadt(?:campus)?|city (?:campus|cent(?:er|re))|downtown|main campus|maxvorstadt|arcisstra(?:ß|ss)e|theresienstra(?:ß|ss)e|olympiapark)/gi,
  Garching: /\b(?:garching|forschungszentrum|boltzmannstra(?:ß|ss)e|galileo)/gi,
  Weihenstephan: /\b(?:weihenstephan|freising|wzw\b)/gi,
  Heilbronn: /\b(?:heilbronn|bildungscampus|campus hn\b|tum hn\b)/gi,
  Singapore: /\b(?:singapore|singapur|tum asia)/gi,
};

const roleNames: Readonly<Record<Role, string>> = {
  student:
    '(?:international |exchange |new |first[- ]year |master.?s? |bachelor.?s? |phd |doctoral |neuer? |internationaler? )?(?:students?|student(?:in|en)?|studi(?:erende[rn]?|s)?|ersti|freshman|undergraduate|austauschstudent(?:in)?|phd candidate|doktorand(?:in)?)',
  lecturer:
    '(?:lecturers?|professors?|teachers?|instructors?|dozent(?:in|en)?|professor(?:in)?|lehrende[rn]?|lehrbeauftragte[rn]?)',
  employee:
    '(?:new |neuer? )?(?:employees?|staff(?: member)?|postdoc|researcher|secretary|supervisor|mitarbeiter(?:in|innen|n)?|mitarbeitende[rn]?|besch(?:ä|ae)ftigte[rn]?|angestellte[rn]?|hiwi)',
  visitor: '(?:visitors?|guests?|besucher(?:in)?|g(?:a|ä|ae)st(?:e)?|applicant|bewerber(?:in)?)',
};
const roleOrder = ['visitor', 'lecturer', 'employee', 'student'] as const satisfies readonly Role[];

/** Words before a role by which it is the speaker's own: "as a student", "ich bin Mitarbeiterin". */
const ownRolePrefix =
  "(?:\\bas (?:an? )?|\\bi(?: a|['’])?m (?:an? )?|\\bim (?:an? )|\\bi work as (?:an? )?|\\bwe (?:are )?|\\bich bin (?:eine? |ein )?|\\bals (?:eine? )?|\\bwir (?:sind )?|\\bbin )";

const ownRolePatterns: readonly (readonly [Role, RegExp])[] = roleOrder.map((role) => [
  role,
  new RegExp(`${ownRolePrefix}(?:tum |tum-)?${roleNames[role]}(?![\\p{L}])`, 'iu'),
]);

const roleActivities: readonly (readonly [Role, RegExp])[] = [
  ['student', /\bi(?: a|['’])?m (?:studying|enrolled)|\bi study\b|\bich studiere\b/i],
  [
    'lecturer',
    /\bi teach\b|\bich (?:lehre|unterrichte)\b|\bmy (?:lecture|students)\b|\bmeine (?:vorlesung|studierenden)\b/i,
  ],
  [
    'employee',
    /\bi work (?:at|for|in)\b|\bi(?: a|['’])?m (?:employed|working)\b|\bich arbeite\b|\bich bin angestellt\b/i,
  ],
  ['visitor', /\bi(?: a|['’])?m (?:just )?visiting\b|\bich (?:bin|komme) (?:nur )?zu besuch\b/i],
];

const bareRolePatterns: readonly (readonly [Role, RegExp])[] = roleOrder.map((role) => [
  role,
  new RegExp(
    `^\\W*(?:(?:and|und|what about|was ist mit) )?(?:for |f(?:ü|ue)r )?(?:an? |eine? |als )?${roleNames[role]}(?: please| bitte)?\\W*$`,
    'iu',
  ),
]);

const selfStatement =
  /\b(?:i(?: a|['’])?m|im|i (?:study|work|live|teach|am)|my campus|ich (?:bin|studiere|arbeite|wohne|lehre)|mein campus|we are|wir sind)\b/i;
const longestBareAnswerWords = 4;

/** Campuses that a text names, in the order of the list of campuses. */
export function findCampuses(text: string): Campus[] {
  const withoutUniversity = text.replace(universityNames, ' ');
  return (Object.keys(campusNames) as Campus[]).filter(
    (campus) => withoutUniversity.search(campusNames[campus]) !== -1,
  );
}

/** The text without the names of campuses. */
export const removeCampuses = (text: string): string =>
  Object.values(campusNames)
    .reduce((rest, names) => rest.replace(names, ' '), text)
    .replace(/\s+/g, ' ')
    .trim();

function findRole(text: string): Role | undefined {
  for (const [role, pattern] of [...ownRolePatterns, ...bareRolePatterns, ...roleActivities]) {
    if (pattern.test(text)) return role;
  }
  return undefined;
}

function toAudience(role: Role | undefined, campuses: readonly Campus[]): Audience {
  const campus = campuses.length === 1 ? campuses[0] : undefined;
  return { ...(role && { role }), ...(campus && { campus }) };
}

/**
 * Whom and where a question is about, from its words. A named campus is meant for this question; more than one named
 * is no preference. A role counts only when it is the speaker's ("as a student"), not when it is spoken of.
 */
export const detectAudience = (text: string): Audience => toAudience(findRole(text), findCampuses(text));

/**
 * What a message says of the speaker, worth remembering for later questions: "I study in Garching", or a bare
 * "Garching" in reply to being asked. "Where can I eat in Garching?" says nothing of the speaker.
 */
export function detectStatedAudience(text: string): Audience {
  const isBareAnswer = !text.includes('?') && text.trim().split(/\s+/).length <= longestBareAnswerWords;
  const campuses = isBareAnswer || selfStatement.test(text) ? findCampuses(text) : [];
  return toAudience(findRole(text), campuses);
}
