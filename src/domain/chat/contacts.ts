import type { Campus, Language, Role } from '../audience.ts';

type ContactId = 'it' | 'library' | 'heilbronn' | 'studies' | 'general';

/** Where a person is sent when the knowledge base has no answer. Markdown. */
const contacts: Record<ContactId, Record<Language, string>> = {
  it: {
    en: 'TUM IT Support: [it-support@tum.de](mailto:it-support@tum.de), +49 89 289 17123',
    de: 'TUM IT-Support: [it-support@tum.de](mailto:it-support@tum.de), +49 89 289 17123',
  },
  library: {
    en: 'the University Library: [information@ub.tum.de](mailto:information@ub.tum.de), [ub.tum.de](https://www.ub.tum.de)',
    de: 'Universitätsbibliothek: [information@ub.tum.de](mailto:information@ub.tum.de), [ub.tum.de](https://www.ub.tum.de)',
  },
  heilbronn: {
    en: 'the Service Point at TUM Campus Heilbronn: [servicepoint@chn.tum.de](mailto:servicepoint@chn.tum.de), +49 7131 26418 699',
    de: 'Service Point am TUM Campus Heilbronn: [servicepoint@chn.tum.de](mailto:servicepoint@chn.tum.de), +49 7131 26418 699',
  },
  studies: {
    en: 'the TUM Service Desk for study matters: [studium@tum.de](mailto:studium@tum.de), +49 89 289 22245',
    de: 'TUM Service Desk Studium: [studium@tum.de](mailto:studium@tum.de), +49 89 289 22245',
  },
  general: {
    en: 'the TUM switchboard: +49 89 289 01, [tum.de](https://www.tum.de)',
    de: 'TUM-Telefonzentrale: +49 89 289 01, [tum.de](https://www.tum.de)',
  },
};

const itWords =
  /\b(account|e-?mail|eduroam|vpn|wi-?fi|wlan|password|passwort|kennwort|login|log in|tumonline|moodle|matlab|software|lizenz|licen[cs]e|print\w*|druck\w*|computer|laptop|zoom|teams|sync\+?share)\b/i;
const libraryWords =
  /(librar|biblioth?ek|\b(loans?|e-?books?|journals?|buch|bücher|books?|ausleihen?|entleihen|fernleihe)\b)/i;
const studyWords =
  /(stud(y|ies|ent|ium|ieren|iengang)|\b(exams?|prüfung\w*|enrol\w*|immatrikul\w*|exmatrikul\w*|semester\w*|bewerb\w*|apply|application|admission|zulassung|degrees?|bachelor\w*|master\w*|thesis|courses?|vorlesung\w*|fees?|gebühr\w*|visa|visum|scholarships?|stipendi\w*)\b)/i;

export interface ContactQuery {
  question: string;
  role: Role | undefined;
  campus: Campus | undefined;
}

/** The office most likely to know: by subject first, then by campus and role. */
export function findContact({ question, role, campus }: ContactQuery, language: Language): string {
  return contacts[findContactId(question, role, campus)][language];
}

function findContactId(question: string, role: Role | undefined, campus: Campus | undefined): ContactId {
  if (itWords.test(question) || /\bIT\b/.test(question)) return 'it';
  if (libraryWords.test(question)) return 'library';
  if (campus === 'Heilbronn') return 'heilbronn';
  if (role === 'student' || studyWords.test(question)) return 'studies';
  return 'general';
}
