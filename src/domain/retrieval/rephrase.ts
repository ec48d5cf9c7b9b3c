/** Everyday phrases whose words mislead one by one, and what knowledge bases write instead. */
const phrases: readonly (readonly [RegExp, string])[] = [
  [/\b(?:days?|time|week) off\b/gi, 'vacation'],
  [/\b(?:call in|calling in) sick\b/gi, 'sick leave'],
  [/\b(?:sick|doctors?|doctor's) note\b/gi, 'sick leave certificate'],
  [/\blooks? like\b/gi, 'format'],
  [/\bday one\b/gi, 'first day'],
  [/\bthree months\b/gi, '100 days'],
  [/\btop(?:ping)?[ -]?(?:it )?up\b/gi, 'add money'],
  [/\bhand(?:ing)? in\b/gi, 'submit'],
  [/\b(?:sign(?:ing)?|log(?:ging)?) (?:in|on)\b/gi, 'login'],
  [/\bsign(?:ing)? up\b/gi, 'register'],
  [/\bstudent id(?: card)?\b(?! number)/gi, 'student card'],
  [/\b(?:staff|employee) id(?: card)?\b(?! number)/gi, 'employee card TUMCard'],
  [/\bhow big\b/gi, 'how large'],
  [/\bget (?:there|to)\b/gi, 'reach'],
  [/\bget(?:ting)? around\b/gi, 'transportation'],
  [/\bpublic transit\b/gi, 'public transport'],
  [/\bcampus cards?\b/gi, 'CampusCard'],
  [/\btum cards?\b/gi, 'TUMCard'],
  [/\btum online\b/gi, 'TUMonline'],
  [/\bhard ?(?:disk|drive)s?\b/gi, 'hard drive'],
  [/\bnetwork (?:drive|share|folder)\b/gi, 'network drive NAS'],
  [/\bphone number\b/gi, 'telephone number'],
  [/\bpay ?slip\b/gi, 'salary statement'],
  [/\bplace to (?:live|stay)\b/gi, 'housing accommodation'],
  [/\b(?:something|anything|place|places|where) to eat\b/gi, 'food dining'],
  [/\bgrab (?:a )?(?:bite|food|lunch)\b/gi, 'food dining'],
  [/\b(?:get|getting) sick\b/gi, 'sick leave'],
  [/\bworks? out\b|\bworking out\b/gi, 'sports fitness'],
  [/\bwifi password\b/gi, 'eduroam password'],
  [/\bgym(?:s|nasium)?\b/gi, 'fitness center sports'],
];

/** Puts everyday English phrases into the words of a knowledge base. */
export const rephrase = (text: string): string =>
  phrases.reduce((current, [pattern, replacement]) => current.replace(pattern, replacement), text);
