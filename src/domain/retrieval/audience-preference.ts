import type { Audience, Campus } from '../audience.ts';
import type { KnowledgeEntry } from '../knowledge/knowledge-entry.ts';
import { stemEnglish } from '../language/stem.ts';
import { tokenize } from '../language/tokenize.ts';
import type { KnowledgeView } from './knowledge-view.ts';

export type Clarification = 'campus' | 'role';

/** An answer for another campus is wrong; one for another role is often still right (how to log in). */
const otherCampusFactor = 0.7;
/** Most people are elsewhere: where no campus is known, an entry of a small one is rarely meant. */
const smallCampusFactor = 0.9;
const otherRoleFactor = 0.92;

/** Best entries this close in similarity are taken as equally good. */
const nearEqual = 0.2;
/** Share of common words from which two questions ask the same; for roles, of the longer question, as roles matter less. */
const sameQuestionOverlap = 0.6;

const excludes = <T>(holdsFor: readonly T[], asker: T | undefined): boolean =>
  asker !== undefined && holdsFor.length > 0 && !holdsFor.includes(asker);

/** Factor for an entry's similarity: 1 for entries for everyone and for the asker's own. */
export function weighAudience(view: KnowledgeView, entry: KnowledgeEntry, audience: Audience): number {
  const campus = weighCampus(view, view.campuses.get(entry.id) ?? [], audience.campus);
  return excludes(entry.roles, audience.role) ? campus * otherRoleFactor : campus;
}

function weighCampus(
  { vocabulary }: KnowledgeView,
  holdsFor: readonly Campus[],
  asker: Campus | undefined,
): number {
  if (asker !== undefined) return excludes(holdsFor, asker) ? otherCampusFactor : 1;
  const isOfSmall = holdsFor.length > 0 && holdsFor.every((campus) => vocabulary.smallCampuses.has(campus));
  return isOfSmall ? smallCampusFactor : 1;
}

/** Words in which questions for different roles and campuses differ anyway. */
const audienceStems = new Set(
  ['employee', 'student', 'staff', 'lecturer', 'visitor', 'guest', 'campus'].map(stemEnglish),
);

const toSubject = ({ vocabulary }: KnowledgeView, entry: KnowledgeEntry): Set<string> =>
  new Set(
    tokenize(vocabulary.removeCampuses(entry.question))
      .filter((word) => !vocabulary.stopWords.en.has(word))
      .map(stemEnglish)
      .filter((stem) => !audienceStems.has(stem)),
  );

/** Words that two questions share, as a part of the shorter and of the longer one. */
function measureOverlap(
  view: KnowledgeView,
  one: KnowledgeEntry,
  other: KnowledgeEntry,
): { ofShorter: number; ofLonger: number } {
  const [left, right] = [toSubject(view, one), toSubject(view, other)];
  const common = [...left].filter((stem) => right.has(stem)).length;
  return {
    ofShorter: common / Math.max(1, Math.min(left.size, right.size)),
    ofLonger: common / Math.max(1, left.size, right.size),
  };
}

const areDisjoint = <T>(one: readonly T[], other: readonly T[]): boolean =>
  one.length > 0 && other.length > 0 && !one.some((item) => other.includes(item));

/**
 * What to ask back when the best entries answer the same question for different campuses or roles and the asker's is
 * not known. `ranked` is best first.
 */
export function findClarification(
  view: KnowledgeView,
  ranked: readonly { entry: KnowledgeEntry; similarity: number }[],
  audience: Audience,
): Clarification | undefined {
  const [best, ...others] = ranked;
  if (best === undefined) return undefined;
  const rivals = others.filter(({ similarity }) => best.similarity - similarity <= nearEqual);
  const campusesOf = (entry: KnowledgeEntry) => view.campuses.get(entry.id) ?? [];

  const differsByCampus = (entry: KnowledgeEntry): boolean =>
    areDisjoint(campusesOf(best.entry), campusesOf(entry)) &&
    measureOverlap(view, best.entry, entry).ofShorter >= sameQuestionOverlap;
  const differsByRole = (entry: KnowledgeEntry): boolean =>
    areDisjoint(best.entry.roles, entry.roles) &&
    measureOverlap(view, best.entry, entry).ofLonger >= sameQuestionOverlap;

  if (audience.campus === undefined && rivals.some(({ entry }) => differsByCampus(entry))) return 'campus';
  if (audience.role === undefined && rivals.some(({ entry }) => differsByRole(entry))) return 'role';
  return undefined;
}
