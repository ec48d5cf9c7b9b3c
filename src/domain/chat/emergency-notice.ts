import type { Campus, Language } from '../audience.ts';
import type { Institution } from '../institution.ts';
import { readQuestion } from '../language/normalize-text.ts';

/**
 * What goes before any answer when a message sounds like an emergency: help must not depend on what a search finds or
 * on a model. Undefined otherwise.
 */
export function findEmergencyNotice(
  { emergencies, campuses }: Pick<Institution, 'emergencies' | 'campuses'>,
  message: string,
  campus: Campus | undefined,
  language: Language,
): string | undefined {
  const words = readQuestion(message);
  const kind = emergencies.kinds.find(({ patterns }) => patterns.some((pattern) => pattern.test(words)));
  if (kind === undefined) return undefined;
  const region = campuses.find(({ id }) => id === campus)?.emergency;
  const [anywhere] = emergencies.notices.values();
  const notices = (region === undefined ? undefined : emergencies.notices.get(region)) ?? anywhere;
  return notices?.get(kind.id)?.[language];
}
