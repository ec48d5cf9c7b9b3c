import type { Campus, Language, Role } from '../audience.ts';
import type { Institution, Office } from '../institution.ts';
import { readQuestion } from '../language/normalize-text.ts';

export interface ContactQuery {
  question: string;
  role: Role | undefined;
  campus: Campus | undefined;
}

/** The office most likely to know: the first that the subject, the campus or the role of the question fits. Markdown. */
export function findContact(
  offices: Institution['offices'],
  { question, role, campus }: ContactQuery,
  language: Language,
): string {
  const words = readQuestion(question);
  const fits = ({ subjects, campuses, roles }: Office) =>
    subjects.some((subject) => subject.test(words)) ||
    (campus !== undefined && campuses.includes(campus)) ||
    (role !== undefined && roles.includes(role));
  return (offices.find(fits) ?? offices.at(-1))?.contact[language] ?? '';
}
